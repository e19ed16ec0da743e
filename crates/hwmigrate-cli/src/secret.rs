//! References to secrets on the command line.
//!
//! A secret is never an argument: arguments stand in the process list and in
//! the history of the shell. What stands there is where to find it, in the
//! library's own form (`env:NAME`, `file:PATH`, `cmd:COMMAND`), or `prompt`,
//! which only a program with a terminal can follow.

use std::convert::Infallible;
use std::fmt;
use std::io::{ErrorKind, IsTerminal, Write};
use std::str::FromStr;

use hwmigrate::{Environment, Secret, secret_ref};

use crate::attended::{attended, interrupted};
use crate::failure::{Failure, Result};

/// How to give a secret, for help texts and errors.
const FORMS: &str = "env:NAME, file:PATH, cmd:COMMAND or prompt";

/// Where a secret is found.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum SecretRef {
    /// A place that the library can look in.
    Place(String),
    /// Asked for on the terminal.
    Prompt,
    /// Not a reference. The text itself is dropped at once.
    Literal,
}

impl FromStr for SecretRef {
    // A parse error of the argument parser would repeat the text, which may be
    // the secret; so a literal parses, and is refused when it is used.
    type Err = Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Infallible> {
        Ok(match text {
            "prompt" => Self::Prompt,
            _ if secret_ref::is_reference(text) => Self::Place(text.to_owned()),
            _ => Self::Literal,
        })
    }
}

impl From<&str> for SecretRef {
    fn from(text: &str) -> Self {
        match text.parse() {
            Ok(reference) => reference,
            Err(never) => match never {},
        }
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal => f.write_str(hwmigrate::api::REDACTED),
            other => f.write_str(other.text()),
        }
    }
}

impl SecretRef {
    /// The reference as it is written; empty for what is none.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Place(text) => text,
            Self::Prompt => "prompt",
            Self::Literal => "",
        }
    }

    /// Refuses what is no reference, before anything is done with it.
    pub(crate) fn check(&self, what: &str) -> Result<()> {
        if *self == Self::Literal {
            return Err(Failure::usage(format!("{what}: a secret may not stand on the command line"))
                .help(format!("anyone on this machine can read arguments; give {FORMS} instead")));
        }
        Ok(())
    }

    /// Fetches the secret. `what` is the argument or field that wants it.
    pub(crate) fn resolve(&self, what: &str) -> Result<Secret> {
        self.check(what)?;
        match self {
            Self::Prompt => ask(what),
            other => {
                let place = other.text().to_owned();
                let look = move || secret_ref::resolve(&place, &Environment::process());
                attended(&format!("the secret of {what}"), look)?.map_err(|error| {
                    Failure::from(error)
                        .within(what)
                        .help(format!("correct the place, or give another of {FORMS}"))
                })
            }
        }
    }
}

fn ask(what: &str) -> Result<Secret> {
    let nobody = || {
        Failure::config(format!("{what}: nobody is there to ask for a secret"))
            .help("without a terminal give env:NAME, file:PATH or cmd:COMMAND")
    };
    if !std::io::stderr().is_terminal() {
        return Err(nobody());
    }
    let question = format!("{what}: ");
    let wanted = format!("the secret of {what}");
    let typed = attended(&wanted, move || rpassword::prompt_password(question)).inspect_err(|_| {
        // The question stands on the line still.
        let _ = writeln!(std::io::stderr());
    })?;
    let text = typed.map_err(|error| match error.kind() {
        // Ctrl-C is a key like others while a secret is typed.
        ErrorKind::Interrupted => interrupted(&wanted),
        _ => nobody().cause(error),
    })?;
    if text.is_empty() {
        return Err(Failure::config(format!("{what}: nothing was typed")).help("run the command again"));
    }
    Ok(Secret::from(text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::exit::ExitCode;

    #[test]
    fn references_are_told_from_literals() {
        for text in ["env:A", "file:/a:b", "cmd:pass show x", "prompt"] {
            assert_eq!(SecretRef::from(text).text(), text);
        }
        for text in ["hunter2", "", "ENV:A", "env", "sk:1"] {
            assert_eq!(SecretRef::from(text), SecretRef::Literal);
        }
    }

    #[test]
    fn a_literal_is_refused_without_repeating_it() {
        let reference = SecretRef::from("hunter2-marker");
        let failure = reference.resolve("--source-sk").unwrap_err();
        assert_eq!(failure.code(), ExitCode::Usage);
        let shown = format!("{reference:?} {failure:?} {}", failure.to_json());
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("env:NAME"), "{shown}");
    }

    #[test]
    fn a_missing_place_is_named_with_the_argument() {
        for place in ["env:HWMIGRATE_TEST_SURELY_UNSET", "file:/surely/not/there", "cmd:"] {
            let failure = SecretRef::from(place).resolve("--dest-ak").unwrap_err();
            assert_eq!(failure.code(), ExitCode::Config, "{place}");
            assert!(failure.message().starts_with("--dest-ak: "), "{}", failure.message());
        }
        let failure = SecretRef::from("file:/surely/not/there").resolve("x").unwrap_err();
        assert!(failure.message().contains("/surely/not/there"), "{}", failure.message());
    }

    #[test]
    fn a_command_gives_its_output() {
        assert_eq!(SecretRef::from("cmd:printf made-up").resolve("x").unwrap().expose(), "made-up");
    }
}
