use super::*;

/// Runs one task into each state that lasts.
async fn in_state(bed: &Bed, status: i64) -> i64 {
    let body = match status {
        // A bucket that does not exist fails; a limit keeps it running.
        4 => request(json!({ "src_node": { "bucket": "nowhere" } })),
        5 => request(json!({})),
        _ => request(slow()),
    };
    if status == 1 {
        bed.faults.hold(1);
    }
    let task = bed.create(body).await;
    if matches!(status, 3 | 7) {
        bed.faults.hold(2);
        bed.status(task, 2).await;
        if status == 7 {
            bed.faults.hold(7);
        }
        bed.on_task("StopTask", task, Value::Null).await.unwrap();
    }
    bed.status(task, status).await;
    task
}

#[tokio::test]
async fn calls_are_refused_in_the_wrong_state() {
    for (status, start, stop, delete) in [
        (1, "OMS.0065", "OMS.0066", ""),
        (2, "OMS.0065", "", "OMS.0063"),
        (3, "", "OMS.0066", ""),
        (4, "", "OMS.0066", ""),
        (5, "OMS.0070", "OMS.0070", ""),
        (7, "OMS.0065", "OMS.0066", "OMS.0063"),
    ] {
        for (call, wanted) in [("StartTask", start), ("StopTask", stop), ("DeleteTask", delete)] {
            let bed = Bed::new().await;
            bed.put("src", "large", vec![0; 8 << 20]);
            let task = in_state(&bed, status).await;
            let answer =
                bed.on_task(call, task, if call == "StartTask" { start_keys() } else { Value::Null });
            match answer.await {
                Ok(body) => assert_eq!((body, wanted), (Value::Null, ""), "{call} in {status}"),
                Err(error) => {
                    assert_eq!((error.status, error.code.as_str()), (400, wanted), "{call} in {status}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_task_that_does_not_exist_is_a_bad_request() {
    let bed = Bed::new().await;
    for call in ["ShowTask", "StartTask", "StopTask", "DeleteTask"] {
        let error = bed.on_task(call, 1, start_keys()).await.unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (400, "OMS.1009"), "{call}");
    }
    let task = bed.create(request(json!({ "src_node": { "bucket": "nowhere" } }))).await;
    bed.status(task, 4).await;
    bed.on_task("DeleteTask", task, Value::Null).await.unwrap();
    assert!(bed.on_task("ShowTask", task, Value::Null).await.is_err());
}

#[tokio::test]
async fn a_stopped_task_goes_on_without_copying_again() {
    let bed = Bed::new().await;
    for number in 0..20 {
        bed.put("src", &format!("small/{number}"), format!("{number}"));
    }
    bed.put("src", "z-large", vec![3; 32 << 20]);
    let task = bed.create(request(slow())).await;
    bed.until("20 small ones", async || {
        let view = bed.show(task).await;
        if view["successful_num"] == 20 { Ok(()) } else { Err(view.to_string()) }
    })
    .await;
    bed.on_task("StopTask", task, Value::Null).await.unwrap();
    assert!([3, 7].contains(&bed.show(task).await["status"].as_i64().unwrap()));
    let view = bed.status(task, 3).await;
    assert_eq!(view["successful_num"], 20);
    assert!(!bed.path("dst").join(".hwmigrate-partial").exists(), "nothing half done is left");

    // Whatever was copied before must not be touched again: it would come back.
    fs::remove_dir_all(bed.path("dst").join("small")).unwrap();
    bed.on_task("UpdateBandwidthPolicy", task, json!({ "bandwidth_policy": [] })).await.unwrap();
    assert_eq!(bed.start(task, false).await.unwrap(), Value::Null);
    let view = bed.status(task, 5).await;
    assert_eq!((&view["total_num"], &view["successful_num"]), (&json!(21), &json!(21)));
    assert_eq!(view["total_size"], view["complete_size"]);
    assert_eq!(tree(&bed.path("dst")).into_keys().collect::<Vec<_>>(), ["z-large"]);
}

#[tokio::test]
async fn only_failed_objects_are_done_again() {
    let bed = Bed::new().await;
    for key in ["a", "b", "c", "d"] {
        bed.put("src", key, key);
    }
    bed.faults.fail_objects("b", 2, "TRF.0061");
    bed.faults.fail_objects("d*", 1, "TRF.0157");
    let task = bed.create(request(json!({}))).await;
    let view = bed.status(task, 4).await;
    assert_eq!(view["error_reason"]["error_code"], "TRF.0062");
    assert_eq!((&view["successful_num"], &view["failed_num"]), (&json!(2), &json!(2)));
    assert_eq!(view["failed_object_record"]["result"], true);
    let list = view["failed_object_record"]["list_file_key"].as_str().unwrap();
    let list = String::from_utf8(bed.get("dst", list).unwrap()).unwrap();
    assert!(list.starts_with("b\tTRF.0061\t") && list.contains("\nd\tTRF.0157\t"), "{list}");

    fs::remove_file(bed.path("dst").join("a")).unwrap();
    bed.start(task, true).await.unwrap();
    let view = bed.status(task, 4).await;
    assert_eq!((&view["successful_num"], &view["failed_num"]), (&json!(3), &json!(1)));
    bed.start(task, true).await.unwrap();
    let view = bed.status(task, 5).await;
    assert_eq!((&view["successful_num"], &view["failed_num"]), (&json!(4), &json!(0)));
    assert_eq!((&view["total_num"], &view["total_size"]), (&json!(4), &json!(4)));
    assert_eq!(view["error_reason"], Value::Null);
    assert_eq!(
        view["failed_object_record"],
        json!({ "result": null, "list_file_key": null, "error_code": null })
    );
    assert!(bed.get("dst", "a").is_none(), "what had succeeded was not copied again");
}

#[tokio::test]
async fn a_failed_task_starts_over_in_whole() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    bed.put("src", "b", "b");
    bed.faults.fail_objects("b", 1, "TRF.0061");
    let task = bed.create(request(json!({}))).await;
    bed.status(task, 4).await;
    fs::remove_file(bed.path("dst").join("a")).unwrap();
    bed.start(task, false).await.unwrap();
    let view = bed.status(task, 5).await;
    assert_eq!((&view["successful_num"], &view["total_num"]), (&json!(2), &json!(2)));
    assert!(bed.get("dst", "a").is_some());
}

#[tokio::test]
async fn failures_without_a_list_cannot_be_redone_alone() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    bed.faults.fail_objects("a", 1, "TRF.0061");
    let task = bed.create(request(json!({ "enable_failed_object_recording": false }))).await;
    let view = bed.status(task, 4).await;
    assert_eq!(view["failed_object_record"]["list_file_key"], Value::Null);
    assert_eq!(bed.start(task, true).await.unwrap_err().code, "OMS.0167");
    bed.start(task, false).await.unwrap();
    bed.status(task, 5).await;
}

#[tokio::test]
async fn failures_of_the_whole_task_name_their_reason() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    for (more, code) in [
        (json!({ "src_node": { "bucket": "nowhere" } }), "TRF.0155"),
        (json!({ "dst_node": { "bucket": "nowhere" } }), "TRF.0058"),
        (json!({ "task_type": "prefix", "src_node": { "object_key": ["zzz"] } }), "TRF.0012"),
        (json!({ "src_node": { "object_key": ["folder/"] } }), "TRF.0012"),
        (json!({ "src_node": { "object_key": ["missing"] } }), "TRF.0062"),
        (json!({ "src_node": { "ak": "KNOWN", "sk": "wrong" } }), "TRF.0151"),
        (json!({ "dst_node": { "ak": "KNOWN", "sk": "wrong" } }), "TRF.0051"),
    ] {
        let task = bed.create(request(more.clone())).await;
        let view = bed.status(task, 4).await;
        assert_eq!(view["error_reason"]["error_code"], code, "{more}");
        assert_ne!(view["error_reason"]["error_msg"], "", "{more}");
    }
    bed.migrate(request(json!({ "src_node": { "ak": "KNOWN", "sk": "right" } }))).await;
}

#[tokio::test]
async fn right_keys_at_the_start_repair_wrong_ones_of_the_create() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    let task = bed.create(request(json!({ "src_node": { "ak": "KNOWN", "sk": "wrong" } }))).await;
    bed.status(task, 4).await;
    let mut body = start_keys();
    merge(&mut body, json!({ "src_ak": "KNOWN", "src_sk": "right" }));
    bed.on_task("StartTask", task, body).await.unwrap();
    bed.status(task, 5).await;
}

#[tokio::test]
async fn requests_that_the_document_forbids_in_words_are_refused() {
    let bed = Bed::new().await;
    bed.buckets.iter().for_each(drop);
    for (more, code) in [
        (json!({ "dst_node": { "region": "cn-south-1" } }), "OMS.0060"),
        (json!({ "src_node": { "object_key": [] } }), "OMS.1004"),
        (json!({ "src_node": { "bucket": "" } }), "OMS.1004"),
        (json!({ "src_node": { "region": null } }), "OMS.1004"),
        (json!({ "src_node": { "sk": null } }), "OMS.1004"),
        (json!({ "task_type": "list" }), "OMS.1004"),
        (json!({ "dst_node": { "bucket": "src" } }), "OMS.0058"),
        (
            json!({ "task_type": "url_list", "src_node": { "list_file": { "list_file_key": "a", "obs_bucket": "b" } } }),
            "OMS.0057",
        ),
        (
            json!({ "bandwidth_policy": [{ "start": "12:00", "end": "11:00", "max_bandwidth": 1 << 20 }] }),
            "OMS.0087",
        ),
    ] {
        let error = bed.call("CreateTask", &[], &[], request(more.clone())).await.unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (400, code), "{more}");
    }
}

#[tokio::test]
async fn projects_do_not_see_each_other() {
    let mut bed = Bed::new().await;
    bed.put("src", "a", "a");
    let task = bed.migrate(request(json!({}))).await["id"].as_i64().unwrap();
    bed.project = "fedcba9876543210fedcba9876543210";
    for call in ["ShowTask", "StartTask", "StopTask", "DeleteTask"] {
        assert_eq!(bed.on_task(call, task, start_keys()).await.unwrap_err().code, "OMS.1009", "{call}");
    }
    let body = json!({ "ids": [task], "bandwidth_policy": [] });
    assert_eq!(bed.call("BatchUpdateTasks", &[], &[], body).await.unwrap_err().code, "OMS.1009");
    assert_eq!(bed.call("ListTasks", &[], &[], Value::Null).await.unwrap()["count"], 0);
}
