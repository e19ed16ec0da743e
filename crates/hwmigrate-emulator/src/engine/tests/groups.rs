use super::*;

/// Tasks of at most three objects.
async fn bed() -> Bed {
    let limits = Limits { group_objects: 3, ..Limits::default() };
    Bed::with(EngineOptions { limits, ..EngineOptions::default() }).await
}

fn group(more: Value) -> Value {
    let mut body = request(json!({ "task_type": "PREFIX" }));
    merge(&mut body, more);
    body
}

impl Bed {
    async fn create_group(&self, body: Value) -> String {
        let answer = self.call("CreateTaskGroup", &[], &[], body).await.unwrap();
        answer["group_id"].as_str().unwrap().to_owned()
    }

    async fn on_group(&self, call: &str, group: &str, body: Value) -> Result<Value, ApiError> {
        self.call(call, &[("group_id", group)], &[], body).await
    }

    async fn group_status(&self, group: &str, status: i64) -> Value {
        self.until(&format!("group state {status}"), async || {
            let view = self.on_group("ShowTaskGroup", group, Value::Null).await.unwrap();
            if view["status"] == status { Ok(view) } else { Err(view.to_string()) }
        })
        .await
    }
}

#[tokio::test]
async fn a_group_splits_its_keys_and_copies_them_all() {
    let bed = bed().await;
    for number in 0..10 {
        bed.put("src", &format!("in/{number}"), format!("{number}"));
    }
    bed.put("src", "other/x", "x");
    bed.put("src", "out", "not chosen");
    let body = group(json!({ "src_node": { "object_key": ["in/", "other"] } }));
    let id = bed.create_group(body).await;
    let view = bed.group_status(&id, 6).await;
    let names: Vec<_> = tree(&bed.path("dst")).into_keys().collect();
    assert_eq!((names.len(), names[0].as_str(), names[10].as_str()), (11, "in/0", "other/x"));
    for (field, value) in [
        ("total_task_num", 5),
        ("create_task_num", 5),
        ("complete_task_num", 5),
        ("failed_task_num", 0),
        ("total_num", 11),
        ("success_num", 11),
        ("fail_num", 0),
        ("total_size", 11),
        ("complete_size", 11),
    ] {
        assert_eq!(view[field], value, "{field}");
    }
    assert_eq!((&view["task_type"], &view["src_node"]["cloud_type"]), (&json!("PREFIX"), &json!("ALIYUN")));
    let tasks = bed.call("ListTasks", &[], &[("group_id", &id)], Value::Null).await.unwrap();
    assert_eq!(tasks["count"], 5);
    assert_eq!(tasks["tasks"][0]["group_type"], "GROUP_TASK");
    let list = bed.call("ListTaskGroup", &[], &[("status", "6")], Value::Null).await.unwrap();
    assert_eq!((&list["count"], &list["taskgroups"][0]["total_task_num"]), (&json!(1), &Value::Null));
}

#[tokio::test]
async fn a_group_splits_list_files() {
    let bed = bed().await;
    let mut lines = String::new();
    for number in 0..7 {
        bed.put("src", &format!("k {number}"), "x");
        lines.push_str(&format!("k%20{number}\n"));
    }
    bed.put("lists", "l.txt", lines);
    let list = json!({ "list_file_key": "l.txt", "obs_bucket": "lists" });
    let id = bed.create_group(group(json!({ "task_type": "LIST", "src_node": { "list_file": list } }))).await;
    let view = bed.group_status(&id, 6).await;
    assert_eq!((&view["total_task_num"], &view["success_num"]), (&json!(3), &json!(7)));
}

#[tokio::test]
async fn a_group_without_work_fails_to_create_and_can_be_retried() {
    let bed = bed().await;
    let id = bed.create_group(group(json!({}))).await;
    let view = bed.group_status(&id, 4).await;
    assert_eq!(view["error_reason"]["error_code"], "TRF.0012");
    bed.put("src", "a", "a");
    bed.on_group("RetryTaskGroup", &id, start_keys()).await.unwrap();
    bed.group_status(&id, 6).await;
}

#[tokio::test]
async fn a_group_pauses_resumes_and_ends() {
    let bed = bed().await;
    for number in 0..20 {
        bed.put("src", &format!("{number:02}"), vec![1; 4 << 20]);
    }
    let id = bed.create_group(group(slow())).await;
    let view = bed.group_status(&id, 2).await;
    assert_eq!(view["total_task_num"], 7);
    bed.on_group("StopTaskGroup", &id, Value::Null).await.unwrap();
    let view = bed.group_status(&id, 3).await;
    assert_eq!(view["paused_task_num"], 7);
    let again = bed.on_group("StopTaskGroup", &id, Value::Null).await.unwrap_err();
    assert_eq!(again.code, "OMS.1038");
    bed.on_group("UpdateTaskGroup", &id, json!({ "bandwidth_policy": [] })).await.unwrap();
    bed.on_group("StartTaskGroup", &id, start_keys()).await.unwrap();
    let view = bed.group_status(&id, 6).await;
    assert_eq!(view["success_num"], 20);
    assert_eq!(tree(&bed.path("dst")), tree(&bed.path("src")));
}

#[tokio::test]
async fn a_failed_group_redoes_its_failed_objects() {
    let bed = bed().await;
    for number in 0..7 {
        bed.put("src", &format!("{number}"), "x");
    }
    bed.faults.fail_objects("5", 1, "TRF.0061");
    let id = bed.create_group(group(json!({}))).await;
    let view = bed.group_status(&id, 5).await;
    assert_eq!(
        (&view["failed_task_num"], &view["fail_num"], &view["success_num"]),
        (&json!(1), &json!(1), &json!(6))
    );
    fs::remove_file(bed.path("dst").join("4")).unwrap();
    let mut body = start_keys();
    body["migrate_failed_object"] = json!(true);
    bed.on_group("RetryTaskGroup", &id, body).await.unwrap();
    let view = bed.group_status(&id, 6).await;
    assert_eq!((&view["fail_num"], &view["success_num"]), (&json!(0), &json!(7)));
    assert!(bed.get("dst", "5").is_some() && bed.get("dst", "4").is_none());
}

#[tokio::test]
async fn a_deleted_group_goes_with_its_tasks() {
    let bed = bed().await;
    bed.put("src", "a", "a");
    let id = bed.create_group(group(json!({}))).await;
    bed.group_status(&id, 6).await;
    bed.faults.hold(8);
    bed.on_group("DeleteTaskGroup", &id, Value::Null).await.unwrap();
    bed.group_status(&id, 8).await;
    bed.faults.release(8);
    bed.until("the end", async || {
        let answer = bed.on_group("ShowTaskGroup", &id, Value::Null).await;
        match answer {
            Ok(view) => Err(view.to_string()),
            Err(error) => {
                assert_eq!((error.status, error.code.as_str()), (404, "OMS.1009"));
                Ok(())
            }
        }
    })
    .await;
    let tasks = bed.call("ListTasks", &[], &[], Value::Null).await.unwrap();
    assert_eq!(tasks["count"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_engine_goes_on_splitting_and_copying() {
    let mut bed = bed().await;
    for number in 0..40 {
        bed.put("src", &format!("{number:02}"), vec![2; 1 << 18]);
    }
    let id = bed.create_group(group(slow())).await;
    for round in 1..5 {
        bed.until("tasks", async || {
            let view = bed.on_group("ShowTaskGroup", &id, Value::Null).await.unwrap();
            let far = view["total_task_num"].as_u64().unwrap() + view["success_num"].as_u64().unwrap();
            if far >= round * 4 { Ok(()) } else { Err(view.to_string()) }
        })
        .await;
        bed.crash();
        bed.open().await;
    }
    bed.group_status(&id, 2).await;
    let none = json!({ "bandwidth_policy": [], "group_id": id });
    bed.call("BatchUpdateTasks", &[], &[], none).await.unwrap();
    let view = bed.group_status(&id, 6).await;
    assert_eq!(
        (&view["total_task_num"], &view["total_num"], &view["fail_num"]),
        (&json!(14), &json!(40), &json!(0))
    );
    assert_eq!(tree(&bed.path("dst")), tree(&bed.path("src")));
}

#[tokio::test]
async fn five_groups_run_at_once() {
    let bed = bed().await;
    bed.put("src", "a", "a");
    bed.faults.hold(2);
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(bed.create_group(group(json!({}))).await);
    }
    for id in &ids[..5] {
        bed.group_status(id, 2).await;
    }
    bed.group_status(&ids[5], 0).await;
    bed.faults.release(2);
    for id in &ids {
        bed.group_status(id, 6).await;
    }
}

#[tokio::test]
async fn groups_refuse_what_their_state_forbids() {
    let bed = bed().await;
    bed.put("src", "a", "a");
    let id = bed.create_group(group(json!({}))).await;
    bed.group_status(&id, 6).await;
    for (call, code) in
        [("StartTaskGroup", "OMS.1039"), ("StopTaskGroup", "OMS.1038"), ("RetryTaskGroup", "OMS.1040")]
    {
        let error = bed.on_group(call, &id, start_keys()).await.unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (400, code));
    }
    let error = bed.on_group("UpdateTaskGroup", &id, json!({ "bandwidth_policy": [] })).await.unwrap_err();
    assert_eq!(error.code, "OMS.1036");
    let error = bed.on_group("ShowTaskGroup", "none", Value::Null).await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (404, "OMS.1009"));
}
