//! The one way in which a command ends badly.
//!
//! Whatever went wrong becomes a [`Failure`]: a message, its causes, one line
//! of help, and the exit code. It is written to the error stream once, by
//! [`Failure::report`].

use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style};
use serde_json::{Map, Value, json};

use crate::exit::ExitCode;
use crate::plain::plain;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    code: ExitCode,
    message: String,
    causes: Vec<String>,
    help: Option<String>,
    facts: Vec<(String, Value)>,
    silent: bool,
}

/// What nearly every function of this crate returns.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure with this code and message.
    pub(crate) fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            causes: Vec::new(),
            help: None,
            facts: Vec::new(),
            silent: false,
        }
    }

    /// Wrong arguments or wrong input.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitCode::Usage, message)
    }

    /// A wrong or missing setting.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ExitCode::Config, message)
    }

    /// Nobody reads our output any more, which is no mistake: end quietly.
    pub(crate) fn closed_pipe() -> Self {
        Self { silent: true, ..Self::new(ExitCode::Done, "the reader of the output has gone") }
    }

    /// The same failure of the output amid work that is not through: to end quietly and well would tell
    /// scripts that it is. `what` becomes of it.
    pub(crate) fn amid(&self, what: &str) -> Self {
        let code = if self.silent { ExitCode::Interrupted } else { self.code };
        let mut failure = Self::new(code, format!("{}: {what}", self.message));
        failure.causes.clone_from(&self.causes);
        failure.help(self.help.as_deref().unwrap_or("read the output to its end"))
    }

    /// An end that was already reported in full as the command's result.
    pub(crate) fn silent(code: ExitCode) -> Self {
        Self { silent: true, ..Self::new(code, "") }
    }

    /// Adds what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another way out to the help.
    pub(crate) fn or(mut self, way: &str) -> Self {
        let help = self.help.take().map(|help| format!("{help}; or {way}"));
        self.help = Some(help.unwrap_or_else(|| way.to_owned()));
        self
    }

    /// Adds what caused it.
    pub(crate) fn cause(mut self, cause: impl ToString) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Adds a field to the JSON form.
    pub(crate) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.push((name.to_owned(), value.into()));
        self
    }

    /// The same failure, said about an argument or field.
    pub(crate) fn within(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The same failure with another number to end with.
    pub(crate) fn with_code(mut self, code: ExitCode) -> Self {
        self.code = code;
        self
    }

    /// The number to end with.
    pub(crate) fn code(&self) -> ExitCode {
        self.code
    }

    /// The message without causes and help.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The failure as one JSON object.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("kind".to_owned(), json!(self.code.name()));
        error.insert("exit_code".to_owned(), json!(self.code.number()));
        error.insert("message".to_owned(), json!(self.message));
        error.insert("causes".to_owned(), json!(self.causes));
        if let Some(help) = &self.help {
            error.insert("help".to_owned(), json!(help));
        }
        error.extend(self.facts.clone());
        json!({ "error": error })
    }

    /// Writes the failure for people, and behind it as JSON for programs if asked.
    pub(crate) fn report(&self, as_json: bool) {
        if self.silent {
            return;
        }
        let red = AnsiColor::Red.on_default().bold();
        let cyan = AnsiColor::Cyan.on_default().bold();
        let mut err = anstream::stderr().lock();
        // An error stream that is closed leaves nobody to tell.
        let _ = self.write_text(&mut err, red, cyan);
        if as_json {
            let _ = writeln!(err, "{}", self.to_json());
        }
    }

    fn write_text(&self, out: &mut impl Write, red: Style, cyan: Style) -> io::Result<()> {
        writeln!(out, "{red}error:{red:#} {}", plain(&self.message))?;
        for cause in &self.causes {
            writeln!(out, "  caused by: {}", plain(cause))?;
        }
        if let Some(help) = &self.help {
            writeln!(out, "{cyan}help:{cyan:#} {}", plain(help))?;
        }
        Ok(())
    }
}

/// How a command ends whose work ended like this, and whose result was written or not: the work counts more.
pub(crate) fn ended(work: Result<()>, written: Result<()>) -> Result<()> {
    match (work, written) {
        (Err(mut work), Err(output)) if !output.silent => {
            work.causes.push(output.message);
            work.causes.extend(output.causes);
            Err(work)
        }
        (Err(work), _) => Err(work),
        (Ok(()), written) => written,
    }
}

impl From<io::Error> for Failure {
    /// Only writing to the output streams uses `?` on plain I/O errors; files name their path.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::closed_pipe()
        } else {
            Self::new(ExitCode::Unexpected, "the output could not be written")
                .cause(error)
                .help("check that the disk behind the redirected output has room")
        }
    }
}
