use super::*;

fn fill(bed: &Bed) {
    for number in 0..300 {
        bed.put("src", &format!("small/{number:03}"), format!("content {number}"));
    }
    bed.put("src", "z-large", vec![5; 24 << 20]);
}

async fn moved(bed: &Bed, task: i64, objects: u64) -> Value {
    bed.until("objects", async || {
        let view = bed.show(task).await;
        if view["successful_num"].as_u64() >= Some(objects) { Ok(view) } else { Err(view.to_string()) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_engine_goes_on_where_it_stopped() {
    let mut bed = Bed::new().await;
    fill(&bed);
    let task = bed.create(request(slow())).await;
    moved(&bed, task, 100).await;
    bed.crash();
    let done = tree(&bed.path("dst"));
    assert!(done.len() < 301);
    // An object that had arrived must not be copied again: it would come back.
    let canary = done.keys().next().unwrap().clone();
    fs::remove_file(bed.path("dst").join(&canary)).unwrap();

    bed.open().await;
    bed.on_task("UpdateBandwidthPolicy", task, json!({ "bandwidth_policy": [] })).await.unwrap();
    let view = bed.status(task, 5).await;
    assert_eq!((&view["total_num"], &view["failed_num"]), (&json!(301), &json!(0)));
    assert_eq!(view["total_size"], view["complete_size"]);
    assert!(bed.get("dst", &canary).is_none());
    bed.put("dst", &canary, bed.get("src", &canary).unwrap());
    assert_eq!(tree(&bed.path("dst")), tree(&bed.path("src")));
    assert!(!bed.path("dst").join(".hwmigrate-partial").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_kills_lose_and_double_nothing() {
    let mut bed = Bed::new().await;
    fill(&bed);
    let task = bed.create(request(slow())).await;
    for round in 1..=8 {
        bed.until("progress", async || {
            let view = bed.show(task).await;
            let objects = view["successful_num"].as_u64().unwrap() + view["skipped_num"].as_u64().unwrap();
            if objects >= round * 30 { Ok(()) } else { Err(view.to_string()) }
        })
        .await;
        bed.crash();
        bed.open().await;
    }
    bed.on_task("UpdateBandwidthPolicy", task, json!({ "bandwidth_policy": [] })).await.unwrap();
    let view = bed.status(task, 5).await;
    let settled = view["successful_num"].as_u64().unwrap() + view["skipped_num"].as_u64().unwrap();
    assert_eq!((settled, &view["failed_num"]), (301, &json!(0)));
    assert_eq!(tree(&bed.path("dst")), tree(&bed.path("src")));
}

#[tokio::test]
async fn what_a_killed_engine_left_half_done_is_removed() {
    let mut bed = Bed::new().await;
    bed.put("src", "a", "a");
    let instance = bed.engine().inner().state.instance().to_owned();
    bed.crash();
    let partial = bed.path("dst").join(".hwmigrate-partial");
    fs::create_dir_all(partial.join(&instance)).unwrap();
    fs::create_dir_all(partial.join("another")).unwrap();
    fs::write(partial.join(&instance).join("0-7"), "half").unwrap();
    fs::write(partial.join("another/0-7"), "of someone else").unwrap();
    // Whoever writes there holds a lock on the folder.
    let another = fs::File::open(partial.join("another")).unwrap();
    another.lock().unwrap();
    bed.open().await;
    assert!(!partial.join(&instance).exists());
    assert!(partial.join("another/0-7").exists());
    drop(another);
    bed.crash();
    bed.open().await;
    assert!(!partial.exists(), "nobody is left who could come back for it");
    // Unfinished files are no objects.
    bed.put("src", ".hwmigrate-partial/x/0-1", "half");
    let view = bed.migrate(request(json!({}))).await;
    assert_eq!(view["total_num"], 1);
}

#[tokio::test]
async fn jobs_survive_in_every_state_without_any_key() {
    let mut bed = Bed::new().await;
    bed.put("src", "a", "a");
    let secret = "CANARY-SECRET";
    let keys = json!({
        "src_node": { "ak": secret, "sk": secret, "security_token": secret },
        "dst_node": { "ak": secret, "sk": secret },
        "source_cdn": { "domain": "cdn.example.test", "protocol": "http",
            "authentication_type": "ALIYUN_OSS_A", "authentication_key": secret },
        "description": "kept",
    });
    let done = bed.migrate(request(keys.clone())).await["id"].as_i64().unwrap();
    let failed = bed.create(request(json!({ "src_node": { "bucket": "nowhere" } }))).await;
    bed.status(failed, 4).await;
    bed.faults.hold(1);
    let waiting = bed.create(request(keys)).await;
    let before = [bed.show(done).await, bed.show(failed).await];
    bed.crash();
    bed.open().await;
    assert_eq!([bed.show(done).await, bed.show(failed).await], before);
    assert_eq!(bed.show(waiting).await["status"], 1);
    assert_eq!(bed.show(done).await["description"], "kept");
    bed.faults.release(1);
    bed.status(waiting, 5).await;
    let next = bed.create(request(json!({}))).await;
    assert!(next > waiting, "ids are not given twice");
    bed.engine().shutdown().await;
    for (name, bytes) in tree(&bed.path("state")) {
        assert!(!String::from_utf8_lossy(&bytes).contains(secret), "{name} holds a key");
    }
}

#[tokio::test]
async fn a_pause_that_was_cut_off_is_a_pause() {
    let mut bed = Bed::new().await;
    fill(&bed);
    let task = bed.create(request(slow())).await;
    bed.status(task, 2).await;
    bed.faults.hold(7);
    bed.on_task("StopTask", task, Value::Null).await.unwrap();
    assert_eq!(bed.show(task).await["status"], 7);
    bed.crash();
    bed.open().await;
    assert_eq!(bed.show(task).await["status"], 3);
    bed.start(task, false).await.unwrap();
    bed.status(task, 2).await;
}

#[tokio::test]
async fn a_stop_before_a_restarted_task_goes_on_pauses_it() {
    let mut bed = Bed::new().await;
    fill(&bed);
    let task = bed.create(request(slow())).await;
    bed.status(task, 2).await;
    // What is shown may not be written yet, and then the task would wait again.
    bed.engine().inner().state.flush().await;
    bed.crash();
    // Holds the task where it is about to go on.
    bed.faults.hold(1);
    bed.open().await;
    bed.on_task("StopTask", task, Value::Null).await.unwrap();
    bed.faults.release(1);
    bed.status(task, 3).await;
    bed.start(task, false).await.unwrap();
    bed.status(task, 2).await;
}

#[tokio::test]
async fn a_shutdown_leaves_running_tasks_running() {
    let mut bed = Bed::new().await;
    fill(&bed);
    let task = bed.create(request(slow())).await;
    moved(&bed, task, 10).await;
    bed.engine().shutdown().await;
    bed.crash();
    bed.open().await;
    assert_eq!(bed.show(task).await["status"], 2);
    bed.on_task("UpdateBandwidthPolicy", task, json!({ "bandwidth_policy": [] })).await.unwrap();
    bed.status(task, 5).await;
    assert_eq!(tree(&bed.path("dst")), tree(&bed.path("src")));
}

#[tokio::test]
async fn a_bucket_that_became_another_folder_is_refused_while_there_are_jobs() {
    let mut bed = Bed::new().await;
    bed.put("src", "a", "1");
    bed.crash();
    let moved = |bed: &Bed| {
        let mut config = bed.config();
        let other = bed.path("other");
        fs::create_dir_all(&other).unwrap();
        config.buckets[0].place = BucketPlace::Folder(other);
        config
    };
    drop(Engine::open(moved(&bed)).await.unwrap());
    bed.open().await;
    bed.migrate(request(json!({}))).await;
    bed.crash();
    let error = Engine::open(moved(&bed)).await.unwrap_err();
    assert!(error.to_string().contains("another state folder"), "{error}");
    bed.open().await;
}

#[tokio::test]
async fn a_second_engine_on_the_same_state_is_refused() {
    let bed = Bed::new().await;
    let error = Engine::open(bed.config()).await.unwrap_err();
    assert!(error.to_string().contains("in use by another emulator"), "{error}");
}
