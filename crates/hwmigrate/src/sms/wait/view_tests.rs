//! The documentation's own answer, and answers that lack or bend something.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;
use crate::progress::{PhaseKind, StepState};

/// The answer of the documentation's walk-through.
const WALK_THROUGH: &str =
    include_str!("../../../../hwmigrate-api/tests/fixtures/sms-show-task-response.json");

fn task(answer: Value) -> ShowTaskResponse {
    serde_json::from_value(answer).unwrap()
}

#[test]
fn task_of_the_documentation_is_read_whole() {
    let answer: ShowTaskResponse = serde_json::from_str(WALK_THROUGH).unwrap();
    let progress = Progress::from(&answer);
    assert_eq!(progress.resource, Resource::ServerTask);
    assert_eq!(progress.id, "8abda8635e09d185015e09d188dd0001xx");
    // It says RUNNING; every step is complete, and the source synchronises.
    assert_eq!((progress.state, progress.state_word.as_deref()), (State::Syncing, Some("RUNNING")));
    assert_eq!(progress.source_state.as_deref(), Some("syncing"));
    let phases: Vec<_> =
        progress.phases.iter().map(|phase| (phase.name.as_str(), phase.steps.len())).collect();
    assert_eq!(phases, [("REPLICATE", 4), ("CUTOVER0", 2), ("RESYNC0", 3), ("CUTOVER1", 2), ("RESYNC1", 3)]);
    assert!(progress.phases.iter().all(|phase| phase.percent == Some(100) && phase.state == StepState::Done));
    assert_eq!(progress.phases[4].kind, PhaseKind::Resync);
    assert_eq!(progress.phases[1].steps[0].elapsed(), Some(Duration::from_secs(111)));
    assert_eq!(progress.step.as_ref().unwrap().name, "SYNC_LINUX_FILE");
    assert_eq!(progress.fraction(), Some(1.0));
    assert_eq!(progress.elapsed, Some(Duration::from_secs(935)));
    assert_eq!(progress.start_time_ms, Some(1_600_159_831_000));
    assert_eq!(progress.reason, None);
    assert_eq!(progress.time_left, None, "a synchronisation has no end of its own");
    assert_eq!(progress.to_string(), "server task 8abda8635e09d185015e09d188dd0001xx: syncing, RESYNC1 100%");
}

#[test]
fn running_task_tells_speed_time_and_bytes_of_its_source() {
    let answer = task(json!({
        "id": "5f", "state": "RUNNING", "migrate_speed": 80.0, "remain_seconds": 600, "start_date": 7,
        "source_server": {"id": "s", "state": "replicate"},
        "sub_tasks": [
            {"id": 1, "name": "SSL_CONFIG", "progress": 100, "start_date": 1, "end_date": 2, "user_op": "REPLICATE"},
            {"id": 2, "name": "MIGRATE_LINUX_FILE", "progress": 25, "start_date": 3, "user_op": "REPLICATE",
             "migrate_speed": 80.0, "process_trace": "/var"}
        ]
    }));
    let server: ShowServerResponse =
        serde_json::from_value(json!({"id": "s", "replicatesize": "250", "totalsize": 1000})).unwrap();
    let progress = progress(&answer, Some(&server));
    assert_eq!((progress.state, progress.fraction()), (State::Running, Some(0.25)));
    assert_eq!(progress.bytes, Bytes { done: 250, total: Some(1000) });
    assert_eq!(progress.bytes_per_second, Some(10_000_000));
    assert_eq!(progress.time_left, Some(Duration::from_secs(600)));
    let step = progress.step.as_ref().unwrap();
    assert_eq!((step.bytes_per_second, step.detail.as_deref()), (Some(10_000_000), Some("/var")));
    assert_eq!(
        progress.to_string(),
        "server task 5f: running, REPLICATE 25%, MIGRATE_LINUX_FILE, 250 of 1000 bytes"
    );
}

#[test]
fn failed_task_tells_code_words_and_step() {
    let answer = task(json!({
        "id": "5f", "state": "MIGRATE_FAIL", "migrate_speed": 80.0, "remain_seconds": 600,
        "error_json": "{\"error_code\":\"SMS.0806\",\"error_param\":[\"/dev/vda1\"]}",
        "sub_tasks": [
            {"id": 1, "name": "SSL_CONFIG", "progress": 100, "start_date": 1, "end_date": 2, "user_op": "REPLICATE"},
            {"id": 2, "name": "MIGRATE_LINUX_FILE", "progress": 25, "start_date": 3, "user_op": "REPLICATE"}
        ]
    }));
    let progress = Progress::from(&answer);
    let reason = progress.reason.as_ref().unwrap();
    assert_eq!((reason.code.as_str(), reason.step.as_deref()), ("SMS.0806", Some("MIGRATE_LINUX_FILE")));
    assert!(reason.message.ends_with("(/dev/vda1)"), "{}", reason.message);
    assert_eq!((progress.time_left, progress.bytes_per_second), (None, None));
    let error = crate::wait::failed(&progress);
    assert_eq!(
        (error.code(), error.job().unwrap().step.as_deref()),
        (Some("SMS.0806"), Some("MIGRATE_LINUX_FILE"))
    );
    assert!(error.message().starts_with("server task 5f failed at MIGRATE_LINUX_FILE: "), "{error}");
    assert!(!error.message().contains("objects"), "{error}");
    assert!(error.advice().is_some());
}

#[test]
fn last_error_of_a_task_that_runs_again_is_no_reason() {
    let error = "{\"error_code\":\"SMS.0806\"}";
    for (state, tells) in
        [("RUNNING", false), ("SYNCING", false), ("MIGRATE_SUCCESS", false), ("ABORT", true)]
    {
        let progress = Progress::from(&task(json!({"id": "5f", "state": state, "error_json": error})));
        assert_eq!(progress.reason.is_some(), tells, "{state}");
    }
    let rolled = Progress::from(&task(json!({"id": "5f", "state": "SYNC_F_ROLLBACK_SUCCESS"})));
    assert!(rolled.reason.unwrap().message.ends_with("rolled back"));
}

#[test]
fn slip_of_the_documentation_stays_a_word() {
    let progress = Progress::from(&task(json!({"id": "5f", "state": "MIGRATE_SUCCESS5"})));
    assert_eq!(
        (progress.state, progress.state_text().as_str()),
        (State::Unknown, "unknown (MIGRATE_SUCCESS5)")
    );
    let blank = Progress::from(&task(json!({})));
    assert_eq!((blank.state, blank.state_text().as_str()), (State::Unknown, "unknown (none given)"));
    let folded =
        Progress::from(&task(json!({"id": "5f", "state": null, "source_server": {"state": "stopped"}})));
    assert_eq!((folded.state, folded.state_word), (State::Paused, None));
}

#[test]
fn item_of_a_list_of_servers_is_a_task_with_bytes() {
    let server = json!({
        "id": "s", "state": "replicate", "replicatesize": 10, "totalsize": 0,
        "current_task": {"id": "5f", "state": "RUNNING", "subtask_info": "MIGRATE_LINUX_FILE-41", "remain_seconds": 9}
    });
    let progress = of_server(&serde_json::from_value(server).unwrap()).unwrap();
    assert_eq!((progress.id.as_str(), progress.state), ("5f", State::Running));
    assert_eq!(progress.bytes, Bytes { done: 10, total: None }, "zero is no total yet");
    assert_eq!(progress.step.as_ref().unwrap().percent, Some(41));
    assert_eq!(progress.phases, []);
    let idle: SourceServersResponseBody =
        serde_json::from_value(json!({"id": "s", "current_task": null})).unwrap();
    assert_eq!(of_server(&idle), None);
}

#[test]
fn item_of_a_list_of_tasks_tells_its_step() {
    let item = json!({
        "id": "5f", "state": "RUNNING", "sub_tasks": [{"id": 1, "name": "MIGRATE_LINUX_FILE", "progress": 3}]
    });
    let item: TasksResponseBody = serde_json::from_value(item).unwrap();
    let progress = Progress::from(&item);
    assert_eq!((progress.phases.len(), progress.step.unwrap().percent), (0, Some(3)));
}
