use std::os::unix::fs::symlink;

use super::*;

#[tokio::test]
async fn links_are_failures_and_are_not_followed() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    bed.put("outside", "secret", "secret");
    symlink(bed.path("outside/secret"), bed.path("src").join("file-link")).unwrap();
    symlink(bed.path("outside"), bed.path("src").join("folder-link")).unwrap();
    let task = bed.create(request(json!({}))).await;
    let view = bed.status(task, 4).await;
    assert_eq!((&view["successful_num"], &view["failed_num"]), (&json!(1), &json!(2)));
    assert_eq!(tree(&bed.path("dst")).into_keys().collect::<Vec<_>>(), ["a"]);
    // Nor when they are named.
    let keys = json!(["folder-link/secret", "file-link"]);
    let task = bed.create(request(json!({ "src_node": { "object_key": keys } }))).await;
    assert_eq!(bed.status(task, 4).await["failed_num"], 2);
    assert_eq!(tree(&bed.path("dst")).len(), 1);
}

/// What failed is named when it is tried again, and must not be taken for something else then.
async fn fails_twice(bed: &Bed, reason: &str) {
    let task = bed.create(request(json!({}))).await;
    for round in 0..2 {
        let view = bed.status(task, 4).await;
        assert_eq!(view["failed_num"], 1, "round {round}: {view}");
        let list = view["failed_object_record"]["list_file_key"].as_str().unwrap();
        let list = String::from_utf8(bed.get("dst", list).unwrap()).unwrap();
        assert!(list.contains(reason), "round {round}: {list}");
        if round == 0 {
            bed.start(task, true).await.unwrap();
        }
    }
}

#[tokio::test]
async fn sockets_fail_again_when_they_are_tried_again() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    let _socket = std::os::unix::net::UnixListener::bind(bed.path("src").join("socket")).unwrap();
    fails_twice(&bed, "is a device, socket or pipe").await;
}

#[tokio::test]
async fn pipes_that_are_tried_again_do_not_block() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    let made = std::process::Command::new("mkfifo").arg(bed.path("src").join("pipe")).status().unwrap();
    assert!(made.success());
    fails_twice(&bed, "is a device, socket or pipe").await;
}

#[tokio::test]
async fn names_that_are_not_utf8_say_so_when_they_are_tried_again() {
    use std::os::unix::ffi::OsStrExt;
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    fs::write(bed.path("src").join(std::ffi::OsStr::from_bytes(b"name\xff")), "x").unwrap();
    fails_twice(&bed, "UTF-8").await;
}

#[tokio::test]
async fn named_folders_with_content_do_not_pass_for_empty_ones() {
    let bed = Bed::new().await;
    bed.put("src", "folder/a", "a");
    // So is a folder that could not be read before named, when it is tried again.
    let store = bed.engine().inner().stores["src"].clone();
    let error = store.head_object("folder/").await.unwrap_err();
    assert!(error.message.contains("folder with content"), "{}", error.message);
    fs::remove_file(bed.path("src").join("folder/a")).unwrap();
    assert!(store.head_object("folder/").await.unwrap().is_some());
}

#[tokio::test]
async fn links_at_the_destination_lead_nowhere() {
    let bed = Bed::new().await;
    bed.put("src", "folder/a", "new");
    bed.put("src", "file", "new");
    bed.put("outside", "file", "old");
    symlink(bed.path("outside"), bed.path("dst").join("folder")).unwrap();
    symlink(bed.path("outside/file"), bed.path("dst").join("file")).unwrap();
    let task = bed.create(request(json!({ "object_overwrite_mode": "FULL_OVERWRITE" }))).await;
    let view = bed.status(task, 4).await;
    assert_eq!(view["failed_num"], 2);
    assert_eq!(tree(&bed.path("outside")), BTreeMap::from([("file".to_owned(), b"old".to_vec())]));
}

#[tokio::test]
async fn keys_that_lead_outside_are_failed_objects() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    bed.put("", "outside", "outside");
    let keys = json!(["../outside", "/etc/hostname", "a/../../outside", "a"]);
    let task = bed.create(request(json!({ "src_node": { "object_key": keys } }))).await;
    let view = bed.status(task, 4).await;
    assert_eq!((&view["successful_num"], &view["failed_num"]), (&json!(1), &json!(3)));

    // A save prefix can lead outside too.
    let task = bed.create(request(json!({ "dst_node": { "save_prefix": "../stolen/" } }))).await;
    let view = bed.status(task, 4).await;
    assert_eq!(view["failed_num"], 1);
    assert!(!bed.path("stolen").exists());
}

#[tokio::test]
async fn names_that_cannot_be_both_fail_alone() {
    let bed = Bed::new().await;
    bed.put("src", "a/b", "1");
    bed.put("src", "c", "2");
    bed.put("src", "d", "3");
    bed.put("dst", "a", "a file");
    bed.put("dst", "c/d", "a folder");
    let task = bed.create(request(json!({}))).await;
    let view = bed.status(task, 4).await;
    assert_eq!((&view["successful_num"], &view["failed_num"]), (&json!(1), &json!(2)));
    assert_eq!(bed.get("dst", "d").unwrap(), b"3");
}

#[tokio::test]
async fn keys_that_get_too_long_are_failed_objects() {
    let bed = Bed::new().await;
    let key = format!("{}/{}", "k".repeat(200), "文".repeat(60));
    bed.put("src", &key, "x");
    let prefix = "p".repeat(1024 - key.chars().count() + 1);
    let task = bed.create(request(json!({ "dst_node": { "save_prefix": prefix } }))).await;
    let view = bed.status(task, 4).await;
    let list = view["failed_object_record"]["list_file_key"].as_str().unwrap();
    assert!(String::from_utf8(bed.get("dst", list).unwrap()).unwrap().contains("\tTRF.0060\t"));
}

#[tokio::test]
async fn a_folder_that_went_away_fails_the_task() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    fs::rename(bed.path("src"), bed.path("moved")).unwrap();
    let task = bed.create(request(json!({}))).await;
    let view = bed.status(task, 4).await;
    assert_eq!(view["error_reason"]["error_code"], "TRF.0155");
}

#[tokio::test]
async fn buckets_inside_each_other_are_refused() {
    let mut bed = Bed::unopened(EngineOptions::default());
    bed.add_folder("src");
    let inner = bed.path("src").join("inner");
    fs::create_dir_all(&inner).unwrap();
    bed.buckets.push(BucketConfig { name: "dst".to_owned(), place: BucketPlace::Folder(inner) });
    bed.open().await;
    let error = bed.call("CreateTask", &[], &[], request(json!({}))).await.unwrap_err();
    assert_eq!(error.code, "OMS.0058");
    assert!(error.message.contains("lies inside"), "{}", error.message);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let mut bed = Bed::unopened(EngineOptions::default());
    bed.buckets.push(BucketConfig { name: "x".to_owned(), place: BucketPlace::Folder(bed.path("missing")) });
    assert!(Engine::open(bed.config()).await.unwrap_err().to_string().contains("missing"));
    bed.buckets.clear();
    bed.add_folder("twice");
    bed.add_folder("twice");
    let error = Engine::open(bed.config()).await.unwrap_err();
    assert!(error.to_string().contains("two buckets named twice"), "{error}");
}

#[tokio::test]
async fn many_keys_are_listed_in_the_order_of_their_bytes() {
    let bed = Bed::new().await;
    let mut keys = Vec::new();
    for number in 0..1_500 {
        keys.push(format!("d{:02}/f{number:04}", number % 37));
    }
    for key in ["a.txt", "a/b", "a-b", "a/b.c", "a/bb/c", "ü", "Z", "d00.x"] {
        keys.push(key.to_owned());
    }
    for key in &keys {
        bed.put("src", key, "");
    }
    keys.retain(|key| key != "a/b" && key != "a/b.c" || bed.get("src", key).is_some());
    keys.sort();
    let store = bed.engine().inner().stores["src"].clone();
    let all = async |prefix: &str, after: Option<&str>| {
        let mut found = Vec::new();
        let mut listing = store.list(prefix, after);
        loop {
            let page = listing.next().await.unwrap();
            if page.is_empty() {
                return found;
            }
            found.extend(page.into_iter().map(|entry| entry.key));
        }
    };
    assert_eq!(all("", None).await, keys);
    for after in ["a.txt", "a/", "d17/f0500", "d36", "zz", "d00/f0000"] {
        let wanted: Vec<_> = keys.iter().filter(|key| key.as_str() > after).cloned().collect();
        assert_eq!(all("", Some(after)).await, wanted, "after {after}");
    }
    for prefix in ["a", "a/", "d1", "d17/", "d17/f1", "none", "none/at/all", "../", "/", "a//"] {
        let wanted: Vec<_> = keys.iter().filter(|key| key.starts_with(prefix)).cloned().collect();
        assert_eq!(all(prefix, None).await, wanted, "prefix {prefix}");
    }
}
