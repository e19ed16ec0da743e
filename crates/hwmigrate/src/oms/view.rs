//! From the service's answers to [`Progress`].

use std::time::Duration;

use hwmigrate_api::oms::types::{ErrorReasonResp, FailedObjectRecordDto, TaskGroupResp, TaskResp};

use crate::progress::{Bytes, Counts, FailedObjects, Progress, Reason, Resource, State, TaskCounts};

impl From<&TaskResp> for Progress {
    fn from(task: &TaskResp) -> Self {
        let code = task.status.map(|status| status.code());
        let state = code.map_or(State::Unknown, State::of_task);
        let id = task.id.map(|id| id.to_string()).unwrap_or_default();
        let mut progress = Self::new(Resource::Task, id, state, code);
        progress.totals_final = task.is_query_over.unwrap_or(false) || state == State::Succeeded;
        progress.objects = Counts {
            done: count(task.successful_num),
            failed: count(task.failed_num),
            skipped: count(task.skipped_num),
            total: total(task.total_num, progress.totals_final),
        };
        progress.bytes =
            Bytes { done: count(task.complete_size), total: total(task.total_size, progress.totals_final) };
        progress.bytes_per_second = task.migrate_speed.and_then(|speed| u64::try_from(speed).ok());
        progress.time_left = millis(task.left_time);
        progress.elapsed = millis(task.total_time);
        progress.reason = task.error_reason.as_ref().and_then(reason);
        progress.failed_objects = task.failed_object_record.as_ref().map(failed_objects).unwrap_or_default();
        progress.start_time_ms = task.start_time;
        progress.migrates_metadata = task.enable_metadata_migration.unwrap_or(false);
        progress
    }
}

impl From<&TaskGroupResp> for Progress {
    fn from(group: &TaskGroupResp) -> Self {
        let code = group.status.map(|status| status.code());
        let state = code.map_or(State::Unknown, State::of_group);
        let mut progress =
            Self::new(Resource::Group, group.group_id.clone().unwrap_or_default(), state, code);
        // The totals grow while the service lists the source and creates the tasks.
        progress.totals_final = !matches!(state, State::Waiting | State::Preparing | State::Unknown);
        progress.objects = Counts {
            done: count(group.success_num),
            failed: count(group.fail_num),
            skipped: count(group.skip_num),
            total: total(group.total_num, progress.totals_final),
        };
        progress.bytes =
            Bytes { done: count(group.complete_size), total: total(group.total_size, progress.totals_final) };
        progress.bytes_per_second = group.migrate_speed.and_then(|speed| u64::try_from(speed).ok());
        progress.elapsed = millis(group.total_time);
        progress.reason = group.error_reason.as_ref().and_then(reason);
        progress.failed_objects = group.failed_object_record.as_ref().map(failed_objects).unwrap_or_default();
        progress.tasks = group.total_task_num.map(|tasks| TaskCounts {
            total: count(Some(tasks)),
            created: count(group.create_task_num),
            waiting: count(group.waiting_task_num),
            running: count(group.executing_task_num),
            paused: count(group.paused_task_num),
            failed: count(group.failed_task_num),
            complete: count(group.complete_task_num),
        });
        progress.start_time_ms = group.start_time;
        progress.migrates_metadata = group.enable_metadata_migration.unwrap_or(false);
        progress
    }
}

fn count(number: Option<i64>) -> u64 {
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}

/// A total of zero means "not counted yet" until the listing is over.
fn total(number: Option<i64>, known: bool) -> Option<u64> {
    number.and_then(|number| u64::try_from(number).ok()).filter(|total| known || *total > 0)
}

fn millis(number: Option<i64>) -> Option<Duration> {
    number.and_then(|millis| u64::try_from(millis).ok()).map(Duration::from_millis)
}

fn reason(answer: &ErrorReasonResp) -> Option<Reason> {
    let code = answer.error_code.clone().unwrap_or_default();
    let message = answer.error_msg.clone().unwrap_or_default();
    (!code.is_empty() || !message.is_empty()).then_some(Reason { code, message, step: None })
}

fn failed_objects(answer: &FailedObjectRecordDto) -> FailedObjects {
    FailedObjects {
        retryable: answer.result,
        list_key: answer.list_file_key.clone().filter(|key| !key.is_empty()),
        error_code: answer.error_code.clone().filter(|code| !code.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn task_of_the_documentation_is_read_whole() {
        let answer = r#"{
            "bandwidth_policy": [], "complete_size": 2223728, "description": "", "enable_kms": false,
            "error_reason": null, "failed_num": "", "is_query_over": true, "left_time": 0,
            "failed_object_record": {"result": null, "list_file_key": null, "error_code": null},
            "group_id": "", "id": 5097520163, "migrate_since": 0, "migrate_speed": 0, "name": "task_name",
            "progress": 1.0, "real_size": 2223728, "skipped_num": 0, "start_time": 1589267678170, "status": 5,
            "successful_num": 2, "task_type": "object", "total_num": 2, "total_size": 2223728, "total_time": 31111
        }"#;
        let task: TaskResp = serde_json::from_str(answer).unwrap();
        let progress = Progress::from(&task);
        assert_eq!((progress.id.as_str(), progress.state), ("5097520163", State::Succeeded));
        assert_eq!(progress.objects, Counts { done: 2, failed: 0, skipped: 0, total: Some(2) });
        assert_eq!(progress.bytes, Bytes { done: 2_223_728, total: Some(2_223_728) });
        assert_eq!(progress.elapsed, Some(Duration::from_millis(31_111)));
        assert_eq!(progress.reason, None);
        assert_eq!(progress.failed_objects, FailedObjects::default());
        assert!(progress.totals_final);
    }

    #[test]
    fn failed_task_keeps_reason_and_list() {
        let answer = r#"{
            "id": "17", "status": 4, "failed_num": 3, "total_num": 0,
            "error_reason": {"error_code": "TRF.0062", "error_msg": "some objects failed"},
            "failed_object_record": {"result": true, "list_file_key": "oms/task/list", "error_code": ""}
        }"#;
        let task: TaskResp = serde_json::from_str(answer).unwrap();
        let progress = Progress::from(&task);
        assert_eq!((progress.id.as_str(), progress.state), ("17", State::Failed));
        assert_eq!(progress.reason.unwrap().code, "TRF.0062");
        assert_eq!(progress.failed_objects.retryable, Some(true));
        assert_eq!(progress.failed_objects.list_key.as_deref(), Some("oms/task/list"));
        assert_eq!(progress.failed_objects.error_code, None);
        assert_eq!(progress.objects.total, None, "zero before the listing is over is no total");
    }

    #[test]
    fn group_of_a_list_has_no_task_counts() {
        let answer = r#"{"group_id": "g", "status": 2, "total_task_num": null, "total_num": 9, "success_num": 4,
            "error_reason": ""}"#;
        let group: TaskGroupResp = serde_json::from_str(answer).unwrap();
        let progress = Progress::from(&group);
        assert_eq!((progress.resource, progress.state), (Resource::Group, State::Running));
        assert_eq!(progress.tasks, None);
        assert_eq!(progress.objects.total, Some(9));
        assert_eq!(progress.reason, None);
    }

    #[test]
    fn answer_without_anything_is_an_unknown_state() {
        let progress = Progress::from(&TaskResp::default());
        assert_eq!((progress.state, progress.state_code), (State::Unknown, None));
        let odd: TaskResp = serde_json::from_str(r#"{"id": 1, "status": 99, "total_num": -5}"#).unwrap();
        let progress = Progress::from(&odd);
        assert_eq!((progress.state, progress.state_code), (State::Unknown, Some(99)));
        assert_eq!(progress.objects.total, None);
    }
}
