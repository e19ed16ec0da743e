//! Whether a fault can strike at all.

use crate::http::route::CALLER_IDENTITY;
use crate::sms::is_step;

use super::{Fault, FaultKind};

impl Fault {
    /// Says what is wrong with the fault, if it could never do what it is meant to.
    ///
    /// # Errors
    /// The member that is wrong, and why.
    pub fn check(&self) -> Result<(), String> {
        if let Some(id) = &self.operation
            && id != CALLER_IDENTITY
            && hwmigrate_api::find_operation(id).is_none()
        {
            return Err(format!("operation: there is no operation {id}"));
        }
        if self.chance.is_some_and(|likelihood| !(0.0..=1.0).contains(&likelihood)) {
            return Err("chance: must be from 0 to 1".to_owned());
        }
        match &self.kind {
            FaultKind::Status { status, .. } if !(200..=599).contains(status) => {
                Err(format!("status: {status} is not a status from 200 to 599"))
            }
            FaultKind::Redirect { location } if http::HeaderValue::from_str(location).is_err() => {
                Err("location: cannot stand in a header".to_owned())
            }
            FaultKind::Throttle { window_seconds: 0, .. }
            | FaultKind::RateLimit { window_seconds: 0, .. } => {
                Err("window_seconds: must be at least 1".to_owned())
            }
            FaultKind::States { states } if states.is_empty() => {
                Err("states: must have at least one state".to_owned())
            }
            FaultKind::FailObjects { key, .. } if key.is_empty() => Err("key: must not be empty".to_owned()),
            FaultKind::FailSubtask { subtask, .. } if !is_step(subtask) => {
                Err(format!("subtask: there is no sub-task {subtask}"))
            }
            FaultKind::FailSubtask { percent, .. } if *percent > 99 => {
                Err("percent: must be at most 99, because at 100 the sub-task is done".to_owned())
            }
            FaultKind::LoseAgent { server } if server.is_empty() => {
                Err("server: must not be empty".to_owned())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn fault_that_could_never_strike_is_refused_by_the_name_of_its_member() {
        for (fault, member) in [
            (r#"{"kind": "reset", "operation": "CreateTusk"}"#, "operation"),
            (r#"{"kind": "reset", "operation": "sms.CreateSyncTask"}"#, "operation"),
            (r#"{"kind": "reset", "chance": 1.5}"#, "chance"),
            (r#"{"kind": "reset", "chance": -0.5}"#, "chance"),
            (r#"{"kind": "status", "status": 42, "code": "", "message": ""}"#, "status"),
            (r#"{"kind": "redirect", "location": "a\nb"}"#, "location"),
            (r#"{"kind": "rate_limit", "limit": 1, "window_seconds": 0}"#, "window_seconds"),
            (r#"{"kind": "states", "states": []}"#, "states"),
            (r#"{"kind": "fail_objects", "key": "", "code": "TRF.0062"}"#, "key"),
            (r#"{"kind": "fail_subtask", "subtask": "DETACH_AGENT_IMAGE"}"#, "subtask"),
            (r#"{"kind": "fail_subtask", "subtask": "SSL_CONFIG", "percent": 100}"#, "percent"),
            (r#"{"kind": "lose_agent", "server": ""}"#, "server"),
        ] {
            let fault: Fault = serde_json::from_str(fault).unwrap();
            assert!(fault.check().unwrap_err().starts_with(member), "{fault:?}");
        }
    }

    #[test]
    fn every_way_to_name_an_operation_is_taken() {
        for id in
            ["CreateTask", "sms.CreateTask", "oms.CreateTask", "KeystoneCreateAgencyToken", CALLER_IDENTITY]
        {
            assert_eq!(Fault::new(FaultKind::Reset).on(id).check(), Ok(()), "{id}");
        }
    }
}
