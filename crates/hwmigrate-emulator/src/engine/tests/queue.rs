use super::*;

async fn count(bed: &Bed, status: &str) -> u64 {
    let list = bed.call("ListTasks", &[], &[("status", status)], Value::Null).await.unwrap();
    list["count"].as_u64().unwrap()
}

#[tokio::test]
async fn five_run_and_the_rest_wait_for_their_turn() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    bed.faults.hold(2);
    let mut tasks = Vec::new();
    for priority in ["MEDIUM", "MEDIUM", "MEDIUM", "MEDIUM", "MEDIUM", "LOW", "MEDIUM", "HIGH"] {
        tasks.push(bed.create(request(json!({ "task_priority": priority }))).await);
    }
    for task in &tasks[..5] {
        bed.status(*task, 2).await;
    }
    assert_eq!((count(&bed, "2").await, count(&bed, "1").await), (5, 3));

    // One place becomes free: it goes to the highest priority, then to the eldest.
    for (stopped, next) in [(0, 7), (1, 6), (2, 5)] {
        bed.on_task("StopTask", tasks[stopped], Value::Null).await.unwrap();
        bed.status(tasks[stopped], 3).await;
        bed.status(tasks[next], 2).await;
        assert_eq!(count(&bed, "2").await, 5);
    }
    bed.faults.release(2);
    for task in &tasks[3..] {
        bed.status(*task, 5).await;
    }
}

#[tokio::test]
async fn priority_changes_move_waiting_tasks_only() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    bed.faults.hold(2);
    let mut tasks = Vec::new();
    for _ in 0..7 {
        tasks.push(bed.create(request(json!({}))).await);
    }
    bed.status(tasks[4], 2).await;
    let update = |ids: Value| json!({ "ids": ids, "bandwidth_policy": [], "task_priority": "HIGH" });
    let error = bed.call("BatchUpdateTasks", &[], &[], update(json!([tasks[6], tasks[0]]))).await;
    assert_eq!(error.unwrap_err().code, "OMS.0086");
    assert_eq!(bed.show(tasks[6]).await["task_priority"], "MEDIUM", "all or none");
    bed.call("BatchUpdateTasks", &[], &[], update(json!([tasks[6]]))).await.unwrap();
    bed.on_task("StopTask", tasks[0], Value::Null).await.unwrap();
    bed.status(tasks[6], 2).await;
    assert_eq!(bed.show(tasks[5]).await["status"], 1);

    for body in
        [json!({ "bandwidth_policy": [] }), json!({ "bandwidth_policy": [], "ids": [1], "group_id": "x" })]
    {
        let error = bed.call("BatchUpdateTasks", &[], &[], body).await.unwrap_err();
        assert_eq!(error.code, "OMS.0002");
    }
}

#[tokio::test]
async fn lists_come_in_pages_and_by_filter() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    for _ in 0..12 {
        bed.migrate(request(json!({}))).await;
    }
    let failed = bed.create(request(json!({ "src_node": { "bucket": "nowhere" } }))).await;
    bed.status(failed, 4).await;
    let list = async |query: &[(&str, &str)]| bed.call("ListTasks", &[], query, Value::Null).await.unwrap();
    let first = list(&[]).await;
    assert_eq!((first["count"].clone(), first["tasks"].as_array().unwrap().len()), (json!(13), 10));
    assert_eq!(first["tasks"][0]["id"], failed, "the newest comes first");
    let rest = list(&[("offset", "10"), ("limit", "100")]).await;
    assert_eq!((rest["count"].clone(), rest["tasks"].as_array().unwrap().len()), (json!(13), 3));
    assert_eq!(list(&[("status", "4")]).await["count"], 1);
    assert_eq!(list(&[("task_name", "nowhere_")]).await["count"], 1);
    assert_eq!(list(&[("group_id", "none")]).await["count"], 0);
    let error = bed.call("ListTasks", &[], &[("limit", "0")], Value::Null).await.unwrap_err();
    assert_eq!(error.code, "OMS.0002");
}

#[tokio::test]
async fn quotas_of_tasks_are_kept() {
    let limits = Limits { running: 1, waiting: 2, created: 4, ..Limits::default() };
    let bed = Bed::with(EngineOptions { limits, ..EngineOptions::default() }).await;
    bed.put("src", "a", "a");
    bed.faults.hold(2);
    let first = bed.create(request(json!({}))).await;
    bed.status(first, 2).await;
    bed.create(request(json!({}))).await;
    bed.create(request(json!({}))).await;
    let create = async || bed.call("CreateTask", &[], &[], request(json!({}))).await;
    assert_eq!(create().await.unwrap_err().code, "OMS.0077", "two wait");
    bed.on_task("StopTask", first, Value::Null).await.unwrap();
    bed.until("room", async || create().await.map_err(|error| error.message)).await;
    bed.faults.release(2);
    assert_eq!(create().await.unwrap_err().code, "OMS.0077", "four were created today");
    bed.clock.advance(Duration::from_secs(25 * 60 * 60));
    bed.until("a new day", async || create().await.map_err(|error| error.message)).await;
}

#[tokio::test]
async fn a_task_that_waits_for_a_month_is_given_up() {
    let bed = Bed::new().await;
    bed.faults.hold(1);
    let task = bed.create(request(json!({}))).await;
    bed.clock.advance(Duration::from_secs(29 * 24 * 60 * 60));
    assert_eq!(bed.show(task).await["status"], 1);
    bed.clock.advance(Duration::from_secs(2 * 24 * 60 * 60));
    let view = bed.show(task).await;
    assert_eq!((&view["status"], &view["error_reason"]["error_code"]), (&json!(4), &json!("TRF.0003")));
}

#[tokio::test]
async fn a_run_that_panics_fails_its_task_and_leaves_its_place() {
    let options =
        EngineOptions { limits: Limits { running: 1, ..Limits::default() }, ..EngineOptions::default() };
    let bed = Bed::with(options).await;
    bed.put("src", "a", "a");
    let broken = bed.create(request(json!({ "description": "runs into a mistake" }))).await;
    let view = bed.status(broken, 4).await;
    assert_eq!(view["error_reason"]["error_code"], "TRF.0001");
    let next = bed.create(request(json!({}))).await;
    bed.status(next, 5).await;
    bed.on_task("DeleteTask", broken, Value::Null).await.unwrap();
}
