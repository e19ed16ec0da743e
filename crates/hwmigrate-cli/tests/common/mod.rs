//! Running the built program as a user would.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

pub(crate) mod servers;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const DOMAIN: &str = "acme";
pub(crate) const USER: &str = "ops";
pub(crate) const PROJECT: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const REGION: &str = "cn-north-4";
pub(crate) const PASSWORD: &str = "canary-password-7f3a";
pub(crate) const ACCESS_KEY: &str = "CANARYAK7F3A";
pub(crate) const SECRET_KEY: &str = "canary-secret-key-7f3a";

/// The program, with nothing of the environment that could steer it.
pub(crate) fn hwmigrate<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hwmigrate"));
    command.args(args).stdin(Stdio::null()).env_clear();
    for name in ["PATH", "TMPDIR", "SYSTEMROOT"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("HOME", "/nonexistent");
    command
}

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The standard output as one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self))
    }

    /// The JSON error on the last line of the error stream.
    pub(crate) fn error(&self) -> Value {
        let line = self.err.lines().last().unwrap_or_default();
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {}", self))["error"]
            .take()
    }

    /// Asserts the exit code, a word of the message, and that there is one error and one help line.
    pub(crate) fn refused(&self, code: i32, words: &str) {
        assert_eq!(self.code, code, "{self}");
        assert!(self.err.to_lowercase().contains(&words.to_lowercase()), "{words:?} is missing: {self}");
        let count = |start: &str| self.err.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!((count("error: "), count("help: ")), (1, 1), "{self}");
        assert!(!self.err.contains("panicked") && !self.err.contains("fault in hwmigrate"), "{self}");
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "code {}\n--- out\n{}\n--- err\n{}", self.code, self.out, self.err)
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    command.output().unwrap().into()
}

/// Runs the program with these arguments to its end.
pub(crate) fn call<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Ran {
    run(&mut hwmigrate(args))
}

/// Runs a command to its end with this text on its standard input.
pub(crate) fn run_with_input(command: &mut Command, input: &str) -> Ran {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap().into()
}

/// An emulator in its own process, with buckets `source` and `target`.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) url: String,
    pub(crate) dir: TempDir,
}

impl Served {
    pub(crate) fn start() -> Self {
        Self::start_in(TempDir::new().unwrap(), &[])
    }

    /// Starts with state and buckets in `dir`, which survives in the answer.
    pub(crate) fn start_in(dir: TempDir, more: &[&str]) -> Self {
        for name in ["source", "target", "state"] {
            fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        let bucket = |name: &str| format!("{name}={}", dir.path().join(name).display());
        let state = dir.path().join("state");
        let mut command = hwmigrate(["emulator", "--listen", "127.0.0.1:0", "--project-id", PROJECT]);
        command
            .args(["--region", REGION, "--state", state.to_str().unwrap()])
            .args(["--bucket", &bucket("source"), "--bucket", &bucket("target")])
            .args(["--user", &format!("{DOMAIN}/{USER}=env:USER_PASSWORD")])
            .args(["--access-key", &format!("{ACCESS_KEY}=env:KEY_SECRET")])
            .args(more)
            .env("USER_PASSWORD", PASSWORD)
            .env("KEY_SECRET", SECRET_KEY)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(ready["pid"], child.id());
        Self { url: ready["url"].as_str().unwrap().to_owned(), child, dir }
    }

    /// The program, pointed at this emulator and logged in by password.
    pub(crate) fn client<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = hwmigrate(args);
        command
            .args(["--region", REGION, "--iam-endpoint", &self.url, "--oms-endpoint", &self.url])
            .args(["--sms-endpoint", &self.url])
            .args(["--auth-domain", DOMAIN, "--auth-user", USER, "--auth-password", "env:PASSWORD"])
            .env("PASSWORD", PASSWORD)
            .env("KEY_ID", ACCESS_KEY)
            .env("KEY_SECRET", SECRET_KEY);
        command
    }

    /// Makes something go wrong in the emulator.
    pub(crate) fn fault(&self, fault: &Value) {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let body = fault.to_string();
        let head = format!(
            "POST /_emulator/faults HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Arguments of the keys of both sides, for `oms migrate`.
    pub(crate) fn keys() -> [&'static str; 8] {
        [
            "--source-ak",
            "env:KEY_ID",
            "--source-sk",
            "env:KEY_SECRET",
            "--dest-ak",
            "env:KEY_ID",
            "--dest-sk",
            "env:KEY_SECRET",
        ]
    }

    /// Ends the emulator as a service manager would; returns its exit code and the folder.
    pub(crate) fn terminate(mut self) -> (i32, TempDir) {
        signal(self.child.id(), "TERM");
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let dir = std::mem::replace(&mut self.dir, TempDir::new().unwrap());
        (code, dir)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that gives the same bytes to whoever asks.
pub(crate) fn serve(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut seen = Vec::new();
            let mut part = [0; 4096];
            while !seen.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
                match stream.read(&mut part) {
                    Ok(0) | Err(_) => break,
                    Ok(count) => seen.extend_from_slice(&part[..count]),
                }
            }
            let _ = stream.write_all(answer);
        }
    });
    url
}

/// Sends a signal to a process that this test started.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().unwrap();
    assert!(status.success());
}

/// Writes files below a folder.
pub(crate) fn write_files(dir: &Path, files: &[(&str, &[u8])]) {
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// All files below a folder with their bytes.
pub(crate) fn read_files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, dir: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, dir, &mut found);
    found
}
