use super::*;

fn listed(bed: &Bed, kind: &str) -> Vec<String> {
    let Ok(folder) = fs::read_dir(bed.path("dst").join("oms").join(kind)) else { return Vec::new() };
    let text = folder.map(|item| fs::read_to_string(item.unwrap().path()).unwrap());
    text.collect::<String>().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn each_list_holds_its_objects() {
    let bed = Bed::new().await;
    for key in ["a b", "文", "c", "d\te"] {
        bed.put("src", key, key);
    }
    bed.put("dst", "c", "there");
    bed.faults.fail_objects("d\te", 1, "TRF.0061");
    let task = bed.create(request(json!({ "object_overwrite_mode": "NO_OVERWRITE" }))).await;
    let view = bed.status(task, 4).await;
    assert_eq!(listed(&bed, "success_object_lists"), ["a%20b", "%E6%96%87"]);
    assert_eq!(listed(&bed, "skip_object_lists"), ["c"]);
    assert_eq!(listed(&bed, "failed_object_lists"), ["d%09e\tTRF.0061\tmade to fail by a fault"]);
    assert_eq!(
        (&view["success_record_error_reason"], &view["skip_record_error_reason"]),
        (&json!(""), &json!(""))
    );
}

#[tokio::test]
async fn lists_can_be_left_out() {
    let lists = RecordedLists { succeeded: false, skipped: false };
    let bed = Bed::with(EngineOptions { lists, ..EngineOptions::default() }).await;
    bed.put("src", "a", "a");
    bed.migrate(request(json!({}))).await;
    bed.migrate(request(json!({}))).await;
    assert!(!bed.path("dst").join("oms").exists());
}

#[tokio::test]
async fn a_list_that_cannot_be_written_is_reported() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    bed.put("src", "b", "b");
    // A file where the folder of the lists has to be.
    bed.put("dst", "oms", "in the way");
    bed.faults.fail_objects("b", 1, "TRF.0061");
    let task = bed.create(request(json!({}))).await;
    let view = bed.status(task, 4).await;
    assert_eq!(view["success_record_error_reason"], "OMS.0304");
    assert_eq!(view["failed_object_record"]["error_code"], "OMS.0304");
    assert_eq!(view["failed_object_record"]["list_file_key"], Value::Null);
    let reason = view["error_reason"]["error_msg"].as_str().unwrap();
    assert!(reason.contains("for one of them: made to fail by a fault"), "{reason}");
}

#[tokio::test]
async fn the_end_is_told_to_those_who_asked() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    let config = |condition: &str| json!({ "smn_config": { "topic_urn": "urn:smn:cn-north-4:x:t", "trigger_conditions": [condition] } });
    let told = bed.migrate(request(config("SUCCESS"))).await;
    assert_eq!(
        told["smn_info"],
        json!({ "notify_result": true, "notify_error_message": "", "topic_name": "" })
    );
    assert_eq!(bed.migrate(request(config("FAILURE"))).await["smn_info"], Value::Null);
}

#[tokio::test]
async fn lists_of_a_run_are_gone_once_its_failures_were_redone() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    bed.put("src", "b", "b");
    bed.faults.fail_objects("b", 2, "TRF.0061");
    let task = bed.create(request(json!({}))).await;
    let key = async || {
        bed.status(task, 4).await["failed_object_record"]["list_file_key"].as_str().unwrap().to_owned()
    };
    let first = key().await;
    assert!(bed.path("dst").join(&first).exists());
    let again = async || {
        bed.clock.advance(Duration::from_secs(5));
        bed.start(task, true).await.unwrap();
    };
    again().await;
    let second = key().await;
    assert_ne!(first, second);
    assert!(!bed.path("dst").join(&first).exists(), "it was replaced");
    assert_eq!(listed(&bed, "failed_object_lists").len(), 1);
    assert_eq!(listed(&bed, "success_object_lists"), ["a"]);
    again().await;
    bed.status(task, 5).await;
    assert_eq!(listed(&bed, "failed_object_lists"), [""; 0]);
    assert_eq!(listed(&bed, "success_object_lists"), ["a", "b"]);
}
