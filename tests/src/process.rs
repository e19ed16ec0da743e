//! The command `hwmigrate` as a process of its own, which can be killed.

use std::env;
use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Any failure of a helper.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The project that emulator processes serve.
pub const PROJECT: &str = "0215ef11e49d4743be23dd97a1561e91";
/// Their region.
pub const REGION: &str = "cn-north-4";
/// Their only user's account and name.
pub const USER: (&str, &str) = ("tests-domain", "tests-user");
/// The password of that user.
pub const PASSWORD: &str = "made-up-password-of-the-tests";

/// The built command.
///
/// `HWMIGRATE_BINARY` names it; without that it is built first.
///
/// # Errors
/// When it cannot be built.
pub fn binary() -> Result<&'static Path, Failure> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| match env::var_os("HWMIGRATE_BINARY") {
        Some(path) => Ok(path.into()),
        None => build().map_err(|cause| cause.to_string()),
    });
    built.as_deref().map_err(|cause| cause.clone().into())
}

fn build() -> Result<PathBuf, Failure> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", "hwmigrate-cli", "--bin", "hwmigrate"])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()?;
    let messages = String::from_utf8(output.stdout)?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    programs.next_back().ok_or_else(|| "cargo built no command; see its messages above".into())
}

/// An emulator in a process of its own. Dropping it kills the process.
#[derive(Debug)]
pub struct EmulatorProcess {
    child: Child,
    url: String,
}

impl EmulatorProcess {
    /// Starts one that listens on `listen`, keeps its state in `state`, and
    /// serves the folders `source` and `destination` of `root`.
    ///
    /// # Errors
    /// When it ends before it is ready.
    pub fn start(root: &Path, listen: &str) -> Result<Self, Failure> {
        let mut command = Command::new(binary()?);
        command.args([
            "emulator",
            "--quiet",
            "--listen",
            listen,
            "--project-id",
            PROJECT,
            "--region",
            REGION,
        ]);
        command.arg("--state").arg(root.join("state"));
        for bucket in ["source", "destination"] {
            command.arg("--bucket").arg(format!("{bucket}={}", root.join(bucket).display()));
        }
        command.arg("--user").arg(format!("{}/{}=env:TESTS_PASSWORD", USER.0, USER.1));
        command.env("TESTS_PASSWORD", PASSWORD).stdin(Stdio::null());
        Self::ready(command)
    }

    /// Starts a command that is an emulator, and waits until it is ready.
    ///
    /// # Errors
    /// When it ends before that.
    pub fn ready(mut command: Command) -> Result<Self, Failure> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        if line.is_empty() {
            return Err(format!("the emulator ended with {} before it was ready", child.wait()?).into());
        }
        let ready: Value = serde_json::from_str(&line)?;
        let url = ready["url"].as_str().ok_or("the emulator named no url")?.to_owned();
        Ok(Self { child, url })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its host and port, for another one to take its place.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    ///
    /// # Errors
    /// When it had ended by itself.
    pub fn kill(mut self) -> Result<(), Failure> {
        if let Some(status) = self.child.try_wait()? {
            return Err(format!("the emulator had ended by itself with {status}").into());
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends SIGTERM and waits until it has ended by itself, with exit code 0.
    ///
    /// # Errors
    /// When it does not end in time, or ends with another code.
    pub fn terminate(mut self, limit: Duration) -> Result<(), Failure> {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        if !sent.success() {
            return Err(format!("kill ended with {sent}").into());
        }
        let end = Instant::now() + limit;
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("the emulator ended with {status}").into()),
                None if Instant::now() > end => return Err("the emulator did not end".into()),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Drop for EmulatorProcess {
    fn drop(&mut self) {
        // Both fail only where it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
