//! Secrets by reference: where they are instead of what they are.
//!
//! Command lines and profile files hold one of
//!
//! | reference | the secret is |
//! |---|---|
//! | `env:NAME` | the value of that environment variable |
//! | `file:PATH` | the content of that file, without line ends at its end |
//! | `cmd:COMMAND` | what that command prints, without line ends at its end |
//!
//! A command is started directly, without a shell: words are separated by
//! blanks, quotes (`'…'`, `"…"`) keep blanks together, and nothing else is
//! special. For pipes or variables write `cmd:sh -c '…'`. A secret of more than
//! 64 KiB is a mistake. A command may take its time, since it may have to ask
//! somebody; a program that cannot wait calls [`end_commands`].

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hwmigrate_api::Secret;
use zeroize::Zeroizing;

use crate::environment::Environment;
use crate::error::{Error, Result};

/// More is no secret but a mistake.
const LIMIT: u64 = 64 * 1024;

/// Whether the text is a reference rather than a secret itself.
pub fn is_reference(text: &str) -> bool {
    ["env:", "file:", "cmd:"].iter().any(|prefix| text.starts_with(prefix))
}

/// Finds the secret that a reference names.
///
/// ```
/// use hwmigrate::{Environment, secret_ref};
///
/// let environment = Environment::from_pairs([("MY_KEY", "made-up")]);
/// let secret = secret_ref::resolve("env:MY_KEY", &environment)?;
/// assert_eq!(secret.expose(), "made-up");
/// # Ok::<(), hwmigrate::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Config`](crate::ErrorKind::Config) when the text is no
/// reference, or what it names is missing, empty or unreadable. The message
/// names the place, never the content.
pub fn resolve(reference: &str, environment: &Environment) -> Result<Secret> {
    let secret = if let Some(name) = reference.strip_prefix("env:") {
        let value = environment.get(name);
        value.map(Secret::from).ok_or_else(|| {
            Error::config(format!(
                "the environment variable {name} is not set or empty; set it to the secret"
            ))
        })?
    } else if let Some(path) = reference.strip_prefix("file:") {
        from_file(&expand_home(path, environment))?
    } else if let Some(command) = reference.strip_prefix("cmd:") {
        from_command(command)?
    } else {
        return Err(Error::config(
            "a secret is given by reference: env:NAME, file:PATH or cmd:COMMAND; never by its own text",
        ));
    };
    if secret.is_empty() {
        let place = reference.split_once(':').map_or(reference, |(kind, _)| kind);
        return Err(Error::config(format!("the secret named by the `{place}:` reference is empty")));
    }
    Ok(secret)
}

fn expand_home(path: &str, environment: &Environment) -> std::path::PathBuf {
    match (path.strip_prefix("~/"), environment.home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => path.into(),
    }
}

fn from_file(path: &Path) -> Result<Secret> {
    let fail = |cause: &str| Error::config(format!("the secret file {} {cause}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| fail("cannot be read").with_source(error))?;
    if !size.is_file() && size.len() > 0 || size.len() > LIMIT {
        return Err(fail("is not a file with one secret in it"));
    }
    // A device or pipe tells no size, so what is read is bounded as well.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    std::fs::File::open(path)
        .and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes))
        .map_err(|error| fail("cannot be read").with_source(error))?;
    if bytes.len() as u64 > LIMIT {
        return Err(fail("is not a file with one secret in it"));
    }
    text(&bytes).ok_or_else(|| fail("is not UTF-8 text"))
}

fn from_command(line: &str) -> Result<Secret> {
    let words = split_words(line)
        .ok_or_else(|| Error::config("the command of a `cmd:` reference has an open quote; close it"))?;
    let Some((program, arguments)) = words.split_first() else {
        return Err(Error::config("the `cmd:` reference names no command"));
    };
    // The error stream stays the caller's, so that a password manager can ask and explain.
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::inherit()).stdout(Stdio::piped());
    let fail = |cause: &str| Error::config(format!("the command `{program}` {cause}"));
    let running =
        Running::start(&mut command).map_err(|error| fail("cannot be started").with_source(error))?;
    let stdout = running.stdout();
    let mut printed = Zeroizing::new(Vec::with_capacity(4096));
    stdout
        .map_or(Ok(0), |stdout| stdout.take(LIMIT + 1).read_to_end(&mut printed))
        .map_err(|error| fail("cannot be read from").with_source(error))?;
    if printed.len() as u64 > LIMIT {
        return Err(fail("printed more than the 64 KiB that a secret may have"));
    }
    let status = running.wait().map_err(|error| fail("cannot be waited for").with_source(error))?;
    if !status.success() {
        return Err(fail(&format!("ended with {status}")));
    }
    text(&printed).ok_or_else(|| Error::config(format!("the command `{program}` printed no UTF-8 text")))
}

/// Ends the commands that look-ups of this process wait for; those look-ups fail.
///
/// For programs that stop before they have their secrets: a command would
/// outlive them. Commands that are started later are not concerned.
pub fn end_commands() {
    for child in locked(&COMMANDS).iter() {
        end(&mut locked(child));
    }
}

static COMMANDS: Mutex<Vec<Arc<Mutex<Child>>>> = Mutex::new(Vec::new());

/// A command that runs; it is ended when nobody waits for it any more.
struct Running(Arc<Mutex<Child>>);

impl Running {
    fn start(command: &mut Command) -> std::io::Result<Self> {
        // Held from before the start: whoever ends the commands must not miss one that runs already, and
        // rather waits until the system has started it.
        let mut commands = locked(&COMMANDS);
        let child = Arc::new(Mutex::new(command.spawn()?));
        commands.push(Arc::clone(&child));
        Ok(Self(child))
    }

    fn stdout(&self) -> Option<ChildStdout> {
        locked(&self.0).stdout.take()
    }

    /// Waits for the end, without keeping [`end_commands`] from its work meanwhile.
    fn wait(&self) -> std::io::Result<ExitStatus> {
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(status) = locked(&self.0).try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        locked(&COMMANDS).retain(|other| !Arc::ptr_eq(other, &self.0));
        end(&mut locked(&self.0));
    }
}

/// Ends a command that may have ended by itself, and leaves nothing of it to the system.
fn end(child: &mut Child) {
    // Who cannot be killed is not waited for, and whoever is killed is gone at once.
    let _ = child.kill().and_then(|()| child.wait());
}

/// Nothing is ever left half-done behind these locks.
fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn text(bytes: &[u8]) -> Option<Secret> {
    std::str::from_utf8(bytes).ok().map(|text| Secret::from(text.trim_end_matches(['\r', '\n'])))
}

/// Blanks separate, quotes keep together. `None`: a quote is not closed.
fn split_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::*;

    #[test]
    fn each_kind_of_reference_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, "from-file\r\n").unwrap();
        let home = folder.path().display().to_string();
        let environment = Environment::from_pairs([("KEY", "from-env"), ("HOME", &home)]);
        let path = format!("file:{}", file.display());
        let rows = [
            ("env:KEY", "from-env"),
            (path.as_str(), "from-file"),
            ("file:~/key", "from-file"),
            ("cmd:printf from-cmd", "from-cmd"),
            ("cmd:sh -c 'printf \"a b\"'", "a b"),
        ];
        for (reference, secret) in rows {
            assert!(is_reference(reference));
            assert_eq!(resolve(reference, &environment).unwrap().expose(), secret, "{reference}");
        }
    }

    #[test]
    fn what_is_missing_is_named_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("empty"), "\n").unwrap();
        let empty = format!("file:{}/empty", folder.path().display());
        let rows = [
            ("env:ABSENT", "ABSENT"),
            ("file:/nonexistent/key", "/nonexistent/key"),
            ("file:/", "not a file"),
            #[cfg(unix)]
            ("file:/dev/zero", "one secret"),
            (&empty, "empty"),
            ("cmd:", "no command"),
            ("cmd:false", "`false`"),
            ("cmd:/nonexistent/tool x", "/nonexistent/tool"),
            ("cmd:echo 'open", "quote"),
            ("cmd:true", "empty"),
            #[cfg(unix)]
            ("cmd:yes", "64 KiB"),
            ("canary-literal", "by reference"),
        ];
        for (reference, word) in rows {
            let text = resolve(reference, &Environment::empty()).unwrap_err().chain();
            assert!(text.contains(word), "{reference}: {text}");
            assert!(!text.contains("canary"), "{text}");
        }
    }

    #[test]
    fn words_are_split_without_a_shell() {
        let split = |line| split_words(line).unwrap();
        assert_eq!(split("pass show  'my key'/x"), ["pass", "show", "my key/x"]);
        assert_eq!(split("a \"\" $HOME | b"), ["a", "", "$HOME", "|", "b"]);
        assert!(split("  ").is_empty());
    }
}
