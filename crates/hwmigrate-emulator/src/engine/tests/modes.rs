use std::time::SystemTime;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn age(bed: &Bed, bucket: &str, key: &str, by: Duration) {
    let file = fs::File::options().write(true).open(bed.path(bucket).join(key)).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000) - by).unwrap();
}

/// Keys whose destination is equal, older, newer, of another size, of other content, and absent.
async fn prepared() -> Bed {
    let bed = Bed::new().await;
    for (key, theirs) in [
        ("equal", "source"),
        ("older", "SOURCE"),
        ("newer", "SOURCE"),
        ("longer", "source and more"),
        ("other", "SOURCE"),
    ] {
        bed.put("src", key, "source");
        bed.put("dst", key, theirs);
        age(&bed, "src", key, 10 * MINUTE);
        age(&bed, "dst", key, 10 * MINUTE);
    }
    age(&bed, "dst", "older", 20 * MINUTE);
    age(&bed, "dst", "newer", MINUTE);
    bed.put("src", "absent", "source");
    age(&bed, "src", "absent", 10 * MINUTE);
    bed
}

/// The keys that now hold what the source holds.
fn replaced(bed: &Bed) -> Vec<String> {
    tree(&bed.path("dst")).into_iter().filter(|(_, text)| text == b"source").map(|(key, _)| key).collect()
}

#[tokio::test]
async fn each_overwrite_mode_replaces_what_it_says() {
    for (mode, names, skipped) in [
        ("NO_OVERWRITE", vec!["absent", "equal"], 5),
        ("SIZE_LAST_MODIFIED_COMPARISON_OVERWRITE", vec!["absent", "equal", "longer", "older"], 3),
        ("CRC64_COMPARISON_OVERWRITE", vec!["absent", "equal", "longer", "newer", "older", "other"], 1),
        ("FULL_OVERWRITE", vec!["absent", "equal", "longer", "newer", "older", "other"], 0),
    ] {
        for limited in [false, true] {
            let bed = prepared().await;
            let mut body = request(json!({ "object_overwrite_mode": mode }));
            if limited {
                // The same decisions have to come out where the kernel does not copy.
                merge(&mut body, slow());
            }
            let view = bed.migrate(body).await;
            assert_eq!(replaced(&bed), names, "{mode}");
            assert_eq!(view["skipped_num"], skipped, "{mode}");
            assert_eq!(view["successful_num"], 6 - skipped, "{mode}");
            assert_eq!(view["object_overwrite_mode"], mode);
            assert_eq!(view["real_size"], (6 - skipped) * 6, "{mode}");
            assert_eq!(view["complete_size"], 36, "{mode}");
        }
    }
}

#[tokio::test]
async fn a_second_pass_skips_what_is_equal() {
    let bed = Bed::new().await;
    bed.put("src", "a", "1");
    bed.put("src", "b", "2");
    fs::create_dir(bed.path("src").join("empty")).unwrap();
    bed.migrate(request(json!({}))).await;
    bed.put("src", "b", "22");
    let view = bed.migrate(request(json!({}))).await;
    assert_eq!((&view["successful_num"], &view["skipped_num"]), (&json!(1), &json!(2)));
    assert_eq!(view["progress"], 1.0);
}

#[tokio::test]
async fn only_what_changed_since_is_taken() {
    let bed = prepared().await;
    bed.put("src", "fresh", "source");
    age(&bed, "src", "fresh", MINUTE);
    let since = 2_000_000_000_i64 - 5 * 60;
    let view = bed.migrate(request(json!({ "migrate_since": since }))).await;
    assert_eq!((&view["successful_num"], &view["skipped_num"]), (&json!(1), &json!(6)));
    assert!(bed.get("dst", "fresh").is_some() && bed.get("dst", "absent").is_none());
    // Seconds in the request, milliseconds in the answer.
    assert_eq!(view["migrate_since"], since * 1000);
}

#[tokio::test]
async fn checksums_are_compared_when_asked_for() {
    let bed = Bed::new().await;
    bed.put("src", "a", vec![7; 3_000_000]);
    bed.put("src", "empty", "");
    let view = bed.migrate(request(json!({ "consistency_check": "crc64" }))).await;
    assert_eq!(view["successful_num"], 2);
    assert_eq!(tree(&bed.path("dst")), tree(&bed.path("src")));
}

#[tokio::test]
async fn a_limited_task_moves_the_same_bytes() {
    let mut bed = Bed::unopened(EngineOptions::default());
    tokio::time::pause();
    bed.clock = Clock::new();
    bed.add_folder("src");
    bed.add_folder("dst");
    bed.open().await;
    bed.put("src", "large", vec![1; 5 << 20]);
    bed.put("src", "small", "x");
    let before = bed.clock.running();
    let task = bed.create(request(slow())).await;
    let mut changed = bed.engine().changed();
    // Without a time limit of its own: on a paused clock that would be what passes the time.
    let view = loop {
        changed.borrow_and_update();
        let view = bed.show(task).await;
        if view["status"] == 5 {
            break view;
        }
        changed.changed().await.unwrap();
    };
    assert_eq!(tree(&bed.path("dst")), tree(&bed.path("src")));
    // 5 MiB at 1 MiB/s on a clock that moves only by waiting; the last piece is not waited for.
    let took = (bed.clock.running() - before).as_secs_f64();
    assert!((3.5..=6.5).contains(&took), "{took}");
    assert_eq!(view["bandwidth_policy"][0]["max_bandwidth"], 1 << 20);
}

#[tokio::test]
async fn a_new_limit_frees_a_running_task() {
    let bed = Bed::new().await;
    bed.put("src", "large", vec![1; 64 << 20]);
    let task = bed.create(request(slow())).await;
    bed.until("moving", async || {
        let view = bed.show(task).await;
        if view["complete_size"].as_u64() > Some(0) { Ok(()) } else { Err(view.to_string()) }
    })
    .await;
    bed.on_task("UpdateBandwidthPolicy", task, json!({ "bandwidth_policy": [] })).await.unwrap();
    let view = bed.status(task, 5).await;
    assert_eq!(view["bandwidth_policy"], json!([]));
    let error = bed.on_task("UpdateBandwidthPolicy", task, json!({ "bandwidth_policy": [] })).await;
    assert_eq!(error.unwrap_err().code, "OMS.0086");
}
