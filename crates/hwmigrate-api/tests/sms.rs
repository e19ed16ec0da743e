//! The examples of SMS decode, and so do the forms in which its sources disagree.

#![allow(clippy::unwrap_used, clippy::panic)]

use hwmigrate_api::sms::types::{
    BtrfsFileSystemResp, CheckResult, ErrorResp, ListServersResponse, MigrationCycle, OsType,
    PutCopyStateReq, ShowConfigResponse, ShowConsistencyResultResponse, ShowServerResponse, ShowTaskResponse,
    SourceState, StartType, SubtaskName, TaskAction, TaskPriority, TaskState, TemplateResponseBody,
    UpdateTaskStatusReq, VolumeType,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn decode<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

#[test]
fn running_task_of_the_documentation_decodes() {
    let task: ShowTaskResponse = decode(fixture("sms-show-task-response"));
    assert_eq!(task.id.as_deref(), Some("8abda8635e09d185015e09d188dd0001xx"));
    assert_eq!(task.state, Some(TaskState::Running));
    assert_eq!(task.priority, Some(TaskPriority::Standard));
    assert_eq!((task.estimate_complete_time, task.total_time), (Some(1600391014000), Some(935000)));
    assert_eq!((task.remain_seconds, task.migrate_speed), (Some(60000), Some(0.0)));
    assert_eq!(task.error_json.as_deref(), Some(""));
    assert!(task.clone_server.is_none() && task.target_snapshot_id.is_none());
    let steps = task.sub_tasks.unwrap();
    assert_eq!(steps.len(), 14);
    let runs: Vec<&str> = steps.iter().filter_map(|step| step.user_op.as_deref()).collect();
    assert_eq!((runs[0], runs[4], runs[13]), ("REPLICATE", "CUTOVER0", "RESYNC1"));
    assert_eq!(steps[5].name, Some(SubtaskName::DettachAgentImage));
    let source = task.source_server.unwrap();
    assert_eq!((source.os_type, source.oem_system), (Some(OsType::Linux), Some(false)));
    assert_eq!(source.state, Some(SourceState::Syncing));
    assert_eq!(source.migration_cycle, Some(MigrationCycle::Syncing));
    let disk = task.target_server.unwrap().disks.unwrap().remove(0);
    assert_eq!((disk.id, disk.size), (Some(86364), Some(42949672960)));
    let partition = disk.physical_volumes.unwrap().remove(0);
    assert_eq!((partition.free_size, partition.uuid), (Some(40481230848), None));
}

#[test]
fn start_request_comes_out_as_it_went_in() {
    let request: UpdateTaskStatusReq = decode(fixture("sms-update-task-status-request"));
    assert_eq!(request.operation, TaskAction::Start);
    assert_eq!(serde_json::to_value(&request).unwrap(), fixture("sms-update-task-status-request"));
}

#[test]
fn errors_of_every_age_decode() {
    let old = json!({"error_msg": "The boot partition does not exist.", "error_code": "SMS.6531"});
    let old: ErrorResp = decode(old);
    assert_eq!(old.error_code.as_deref(), Some("SMS.6531"));
    assert!(old.details.is_empty());
    let denied: ErrorResp = decode(json!({
        "error_code": "SMS.0204", "error_msg": "no permission %s", "error_param": ["sms:server:list", 7, null],
        "encoded_authorization_message": "e30=",
        "details": [{"error_code": "SMS.2248", "error_msg": "not yours"}, null, "text"],
    }));
    assert_eq!(denied.error_param, ["sms:server:list", "7"]);
    assert_eq!(denied.details.len(), 1);
    assert_eq!(denied.details[0].error_code.as_deref(), Some("SMS.2248"));
}

#[test]
fn states_of_lists_filters_and_slips_are_kept() {
    let state = |word: &str| decode::<ShowTaskResponse>(json!({"state": word})).state.unwrap();
    assert_eq!(TaskState::KNOWN.len(), 14);
    for known in TaskState::KNOWN {
        assert_eq!(state(known.as_str()), *known);
    }
    assert_eq!(state("SYNC_F_ROLLBACKING"), TaskState::SyncFRollbacking);
    assert_eq!(state("RESETING"), TaskState::Reseting);
    assert_eq!(state("MIGRATE_SUCCESS5"), TaskState::Unknown("MIGRATE_SUCCESS5".to_owned()));
    assert_eq!(SourceState::KNOWN.len(), 22);
    for word in ["premiging", "init", "initialize", "testing"] {
        let server: ShowServerResponse = decode(json!({"state": word}));
        assert!(!matches!(server.state, Some(SourceState::Unknown(_)) | None), "{word}");
    }
    assert_eq!(SourceState::from("UNAVAILABLE"), SourceState::Unavailable);
    assert_eq!(MigrationCycle::KNOWN.len(), 10);
    assert_eq!(TaskAction::KNOWN.len(), 13);
    assert_eq!(TaskAction::from("cutover"), TaskAction::Cutover);
}

#[test]
fn consistency_results_come_as_objects_or_as_texts() {
    let object = json!({
        "finished_time": "2026-01-05", "check_result": "ok",
        "consistency_result": [{"dir_check": "/data", "num_total_files": "7", "num_different_files": 0}],
    });
    for list in [json!([object]), json!([object.to_string()])] {
        let answer: ShowConsistencyResultResponse = decode(json!({"task_id": "t", "result_list": list}));
        let result = answer.result_list.unwrap().remove(0);
        assert_eq!(result.check_result.as_deref(), Some("ok"));
        let folder = result.consistency_result.unwrap().remove(0);
        assert_eq!((folder.dir_check.as_deref(), folder.num_total_files), (Some("/data"), Some(7)));
    }
    let answer: ShowConsistencyResultResponse = decode(json!({"result_list": ["all is well", null, "[1]"]}));
    let texts: Vec<_> = answer.result_list.unwrap().into_iter().map(|result| result.check_result).collect();
    assert_eq!(texts, [Some("all is well".to_owned()), Some("[1]".to_owned())]);
    let refused = serde_json::from_value::<ShowConsistencyResultResponse>(json!({"result_list": [7]}));
    assert!(refused.is_err());
}

#[test]
fn btrfs_file_systems_come_as_objects_or_as_names() {
    let answer =
        json!({"target_server": {"btrfs_list": ["/dev/vdb", {"name": "/dev/vdc", "nodesize": 16384}]}});
    let list = decode::<ShowTaskResponse>(answer).target_server.unwrap().btrfs_list.unwrap();
    assert_eq!(list[0], BtrfsFileSystemResp::from("/dev/vdb".to_owned()));
    assert_eq!((list[1].name.as_deref(), list[1].nodesize), (Some("/dev/vdc"), Some(16384)));
    let subvolume = json!({"subvolumn": [{"subvol_name": "root", "is_snapshot": false}]});
    let file_system: BtrfsFileSystemResp = decode(subvolume);
    assert_eq!(file_system.subvolumn.unwrap()[0].is_snapshot.as_deref(), Some("false"));
}

#[test]
fn template_flag_comes_as_text_or_truth_value() {
    for flag in [json!(true), json!("true"), json!("True"), json!(1)] {
        let template: TemplateResponseBody = decode(json!({"is_template": flag}));
        assert_eq!(template.is_template, Some(true), "{flag}");
    }
    let template: TemplateResponseBody = decode(json!({"volumetype": "ESSD", "is_template": null}));
    assert_eq!(template.volumetype, Some(VolumeType::Unknown("ESSD".to_owned())));
}

#[test]
fn memory_passes_in_either_unit() {
    let list = json!({"source_servers": [{"memory": 4018196480_i64}, {"memory": 4096}]});
    let servers = decode::<ListServersResponse>(list).source_servers.unwrap();
    assert_eq!((servers[0].memory, servers[1].memory), (Some(4018196480), Some(4096)));
}

#[test]
fn words_that_are_not_checked_are_kept() {
    let server: ShowServerResponse = decode(json!({
        "start_type": "HYPERMOTION", "checks": [{"id": 1, "name": "RSYNC", "result": "WARN", "params": null}],
    }));
    assert_eq!(server.start_type, Some(StartType::Unknown("HYPERMOTION".to_owned())));
    assert_eq!(server.checks.unwrap()[0].result, Some(CheckResult::Warn));
    let server: ShowServerResponse = decode(json!({"start_type": "", "current_task": null}));
    assert!(server.start_type.is_none() && server.current_task.is_none());
}

#[test]
fn settings_come_as_texts_or_in_any_form() {
    let settings: ShowConfigResponse = decode(json!({
        "config": {"mainRegion": "cn-north-4", "new": {"any": 1}}, "regions": [{"id": "cn-north-4", "open": true}],
    }));
    assert_eq!(settings.config.unwrap()["mainRegion"], "cn-north-4");
    assert_eq!(settings.regions.unwrap()[0]["open"], true);
}

#[test]
fn copy_state_is_spelt_as_its_call_asks() {
    let request =
        PutCopyStateReq { copystate: SourceState::Init, migrationcycle: MigrationCycle::ReadyForTest };
    let wanted = json!({"copystate": "init", "migrationcycle": "ready_for_test"});
    assert_eq!(serde_json::to_value(&request).unwrap(), wanted);
}
