//! Errors of the libraries as failures of a command.

use std::error::Error as StdError;
use std::io;

use hwmigrate::ErrorKind;
use hwmigrate::progress::Resource;
use hwmigrate_emulator::EmulatorError;
use serde_json::{Value, json};

use crate::exit::ExitCode;
use crate::failure::Failure;

impl From<hwmigrate::Error> for Failure {
    fn from(error: hwmigrate::Error) -> Self {
        let code = ExitCode::from_number(error.kind().exit_code());
        let mut failure = Self::new(code, error.to_string());
        let mut said = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            let words = next.to_string();
            // A cause that only repeats what was said helps nobody.
            if !said.contains(&words) {
                failure = failure.cause(&words);
            }
            said = words;
            cause = next.source();
        }
        failure = failure.help(error.advice().unwrap_or_else(|| remedy(error.kind())));
        for (name, value) in facts(&error) {
            if !value.is_null() {
                failure = failure.fact(name, value);
            }
        }
        failure
    }
}

fn facts(error: &hwmigrate::Error) -> [(&'static str, Value); 9] {
    let job = error.job().map(|job| {
        let mut facts = json!({
            "resource": job.resource,
            "id": job.id,
            "state": job.state,
            "reason_code": job.reason_code,
            "reason": job.reason,
        });
        if job.resource == Resource::ServerTask.as_str() {
            facts["step"] = json!(job.step);
        } else {
            facts["objects"] = json!({
                "total": job.objects_total,
                "done": job.objects_done,
                "failed": job.objects_failed,
                "skipped": job.objects_skipped,
            });
            facts["failed_list"] = json!(job.failed_list);
        }
        facts
    });
    [
        ("operation", json!(error.operation())),
        ("status", json!(error.status())),
        ("code", json!(error.code())),
        ("server_message", json!(error.status().map(|_| error.message()))),
        ("request_id", json!(error.request_id())),
        ("retryable", json!(error.is_retryable())),
        ("attempts", json!(error.attempts())),
        ("elapsed_ms", json!(error.elapsed().map(|span| span.as_millis() as u64))),
        ("job", job.unwrap_or_default()),
    ]
}

/// What to do when the library knows nothing better.
fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Auth => "check the credentials with: hwmigrate login",
        ErrorKind::Throttled => "wait a minute, then run fewer commands at once",
        ErrorKind::NotFound => "check the id or name, the region and the project",
        ErrorKind::Conflict => "look at the state of the job with show, and wait or stop it first",
        ErrorKind::Quota => "wait until older jobs have ended, or ask for a larger quota",
        ErrorKind::Invalid => "correct the named value; see --help for what is allowed",
        ErrorKind::Transport => "check the address, the network and the proxy settings",
        ErrorKind::Timeout => "try again with a longer --timeout; a job goes on meanwhile",
        ErrorKind::Decode => "check that the address is the service itself and not a proxy or login page",
        ErrorKind::JobFailed => "read the reason, repair it, then start the job again",
        ErrorKind::Ambiguous => "list the jobs before creating another: this one may exist",
        ErrorKind::Cancelled => "run the command again to go on",
        ErrorKind::Config => "correct the setting; arguments override the environment and the profile file",
        _ => "try again later; if it stays, report it with the request id",
    }
}

impl From<EmulatorError> for Failure {
    fn from(error: EmulatorError) -> Self {
        let mut failure = Self::config(format!("the emulator cannot start: {error}"));
        let mut cause = error.source();
        while let Some(next) = cause {
            failure = failure.cause(next);
            cause = next.source();
        }
        failure.help(match &error {
            EmulatorError::Listen { .. } => "give another address, or end the program that listens there",
            EmulatorError::File { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull => "make room on the disk, or give a folder on another one",
                io::ErrorKind::PermissionDenied => {
                    "give a folder that you may write to, or ask for the right to"
                }
                _ => "repair or remove what is named here, or give another folder",
            },
            _ => "correct what is named here",
        })
    }
}
