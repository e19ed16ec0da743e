//! Secrets that somebody is slow to give: the limit and the signals hold for them as well.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::process::{Command, Stdio};

use common::{Ran, call, hwmigrate, run, signal};

fn login(reference: &str) -> Vec<String> {
    let words = ["login", "--region", "cn-north-4", "--auth-domain", "acme", "--auth-user", "ops"];
    let mut words: Vec<_> = words.map(str::to_owned).into();
    words.extend(["--iam-endpoint", "http://127.0.0.1:1", "--auth-password", reference].map(str::to_owned));
    words
}

#[test]
fn a_secret_without_end_is_refused() {
    call(login("cmd:yes")).refused(3, "more than the 64 KiB");
}

#[test]
fn a_secret_that_does_not_come_keeps_to_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for place in ["cmd:sleep 600".to_owned(), format!("file:{}", pipe.display())] {
        let mut command = hwmigrate(login(&place));
        run(command.args(["--timeout", "300ms"])).refused(10, "the secret of --auth-password did not come");
    }
}

#[test]
fn an_interrupt_ends_the_command_that_a_secret_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let place = format!("cmd:sh -c 'echo $$ > {0}.new; mv {0}.new {0}; exec sleep 600'", file.display());
    for name in ["INT", "TERM"] {
        let child = hwmigrate(login(&place)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while !file.exists() {
            std::thread::yield_now();
        }
        signal(child.id(), name);
        Ran::from(child.wait_with_output().unwrap()).refused(130, "interrupted");
        let asked = fs::read_to_string(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let alive = Command::new("sh").args(["-c", &format!("kill -0 {}", asked.trim())]).output().unwrap();
        assert!(!alive.status.success(), "{name}: the command outlives the one that waited for it");
    }
}
