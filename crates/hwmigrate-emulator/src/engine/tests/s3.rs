use hyper_util::rt::{TokioExecutor, TokioIo};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;

use super::*;
use crate::builder::S3Bucket;

const ACCESS: &str = "CANARY-ACCESS";
const SECRET: &str = "CANARY-SECRET";

impl Bed {
    /// Adds buckets on an S3 server that keeps them below `server/`.
    async fn add_s3(&mut self, names: &[&str]) {
        let root = self.path("server");
        for name in names {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).unwrap());
        service.set_auth(SimpleAuth::from_single(ACCESS, SECRET));
        let service = service.build();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let http = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            while let Ok((stream, _)) = listener.accept().await {
                let connection = http.serve_connection(TokioIo::new(stream), service.clone()).into_owned();
                tokio::spawn(connection);
            }
        });
        for name in names {
            self.add_server(name, &format!("http://{address}"), SECRET);
        }
    }

    fn add_server(&mut self, name: &str, endpoint: &str, secret: &str) {
        let server = S3Bucket {
            endpoint: endpoint.to_owned(),
            region: "us-east-1".to_owned(),
            bucket: name.to_owned(),
            access_key: Secret::from(ACCESS),
            secret_key: Secret::from(secret),
        };
        self.buckets.push(BucketConfig { name: name.to_owned(), place: BucketPlace::S3(server) });
    }

    fn operator(&self, bucket: &str) -> opendal::Operator {
        match &self.engine().inner().stores[bucket] {
            Store::S3(store) => store.operator().clone(),
            Store::Folder(_) => panic!("{bucket} is a folder"),
        }
    }
}

/// From `from` to `to`, with the given additions.
fn between(from: &str, to: &str, more: Value) -> Value {
    let mut body = request(json!({ "src_node": { "bucket": from }, "dst_node": { "bucket": to } }));
    merge(&mut body, more);
    body
}

fn large() -> Vec<u8> {
    (0..20_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_travel_between_folders_and_servers_and_back() {
    let lists = RecordedLists { succeeded: false, skipped: false };
    let mut bed = Bed::unopened(EngineOptions { lists, ..EngineOptions::default() });
    bed.add_folder("src");
    bed.add_folder("dst");
    bed.add_s3(&["one", "two"]).await;
    bed.open().await;
    for key in ["a", "deep/er/x y.txt", "文件/é.txt", "empty", "q?x=1&y#z", "plus+percent%41"] {
        bed.put("src", key, if key == "empty" { "" } else { key });
    }
    bed.put("src", "large", large());

    for (from, to) in [("src", "one"), ("one", "two"), ("two", "dst")] {
        let view = bed.migrate(between(from, to, json!({}))).await;
        assert_eq!((&view["successful_num"], &view["failed_num"]), (&json!(7), &json!(0)), "{from} to {to}");
        assert_eq!(view["total_size"], view["complete_size"], "{from} to {to}");
    }
    assert_eq!(tree(&bed.path("dst")), tree(&bed.path("src")));

    let view = bed.migrate(between("src", "one", json!({}))).await;
    assert_eq!((&view["successful_num"], &view["skipped_num"]), (&json!(0), &json!(7)), "all are equal");
    let body = between(
        "one",
        "two",
        json!({ "object_overwrite_mode": "FULL_OVERWRITE", "consistency_check": "crc64" }),
    );
    let view = bed.migrate(body).await;
    assert_eq!(view["skipped_num"], 0);
}

#[tokio::test]
async fn metadata_goes_along_when_asked_for() {
    let mut bed = Bed::unopened(EngineOptions::default());
    bed.add_s3(&["one", "two"]).await;
    bed.open().await;
    let user = [("owner".to_owned(), "me".to_owned())];
    bed.operator("one")
        .write_with("page.html", "<p>")
        .content_type("text/html")
        .user_metadata(user)
        .await
        .unwrap();
    for (keep, wanted) in [(false, None), (true, Some("me"))] {
        let more = json!({ "enable_metadata_migration": keep, "object_overwrite_mode": "FULL_OVERWRITE" });
        bed.migrate(between("one", "two", more)).await;
        let metadata = bed.operator("two").stat("page.html").await.unwrap();
        assert_eq!(metadata.content_type(), Some("text/html"), "the type is always kept");
        assert_eq!(metadata.user_metadata().and_then(|all| all.get("owner")), wanted);
    }
}

#[tokio::test]
async fn buckets_on_servers_can_be_looked_at() {
    let mut bed = Bed::unopened(EngineOptions::default());
    bed.add_s3(&["src"]).await;
    bed.open().await;
    for key in ["a", "b/x", "c", "d/1", "d/2"] {
        bed.operator("src").write(key, key).await.unwrap();
    }
    let mut names = Vec::new();
    let mut behind = String::new();
    loop {
        let body = json!({
            "cloud_type": "HEC", "ak": "a", "sk": "b", "data_center": REGION, "bucket_name": "src",
            "file_path": "", "page_size": 2, "behind_filename": behind,
        });
        let page = bed.call("ShowBucketObjects", &[], &[], body).await.unwrap();
        let records = page["records"].as_array().unwrap();
        names.extend(records.iter().map(|record| record["name"].as_str().unwrap().to_owned()));
        if page["next_page"] == false {
            break;
        }
        behind = page["next_marker"].as_str().unwrap().to_owned();
    }
    assert_eq!(names, ["a", "b/", "c", "d/"]);
}

#[tokio::test]
async fn a_list_file_on_a_server_names_objects() {
    let mut bed = Bed::unopened(EngineOptions::default());
    bed.add_folder("src");
    bed.add_s3(&["dst"]).await;
    bed.open().await;
    bed.put("src", "a b", "x");
    bed.put("src", "unlisted", "x");
    let dst = bed.operator("dst");
    dst.write_with("l.txt", "a%20b\n").content_type("text/plain").await.unwrap();
    dst.write_with("json.txt", "a%20b\n").content_type("application/json").await.unwrap();
    let body = |key: &str| {
        let list = json!({ "list_file_key": key, "obs_bucket": "dst" });
        request(json!({ "task_type": "list", "src_node": { "list_file": list } }))
    };
    let view = bed.migrate(body("l.txt")).await;
    assert_eq!(view["successful_num"], 1);
    let task = bed.create(body("json.txt")).await;
    assert_eq!(bed.status(task, 4).await["error_reason"]["error_code"], "TRF.0019");
}

/// What an S3 server that keeps every key as it is would say.
async fn exact_server() -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let keys = [("a//b", 4), (" blanks ", 4), ("w/..", 4), ("dir/", 4), ("empty/", 0), ("ok", 4)];
        let contents = keys.map(|(key, size)| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>2020-01-01T00:00:00.000Z</LastModified>\
                 <ETag>\"x\"</ETag><Size>{size}</Size></Contents>"
            )
        });
        let listing = format!(
            "<?xml version=\"1.0\"?><ListBucketResult><Name>src</Name><IsTruncated>false</IsTruncated>\
             {}</ListBucketResult>",
            contents.concat()
        );
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 8192];
            let read = stream.read(&mut request).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            let (head, body) = match text.split(' ').take(2).collect::<Vec<_>>()[..] {
                ["GET", path] if path.contains("list-type=2") => (listing.len(), listing.as_str()),
                ["GET", "/src/ok"] => (4, "good"),
                ["HEAD", "/src/dir/"] => (4, ""),
                _ => (0, ""),
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {head}\r\nlast-modified: Wed, 01 Jan 2020 00:00:00 GMT\r\n\
                 connection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn keys_that_the_client_cannot_carry_are_failed_objects() {
    let mut bed = Bed::unopened(EngineOptions::default());
    bed.add_folder("dst");
    let endpoint = exact_server().await;
    bed.add_server("src", &endpoint, SECRET);
    bed.open().await;
    let task = bed.create(request(json!({}))).await;
    let view = bed.status(task, 4).await;
    assert_eq!((&view["total_num"], &view["failed_num"]), (&json!(6), &json!(4)));
    assert_eq!(bed.get("dst", "ok").unwrap(), b"good");
    assert!(bed.path("dst").join("empty").is_dir());
    let list = view["failed_object_record"]["list_file_key"].as_str().unwrap();
    let list = String::from_utf8(bed.get("dst", list).unwrap()).unwrap();
    for key in ["%20blanks%20", "a//b", "dir/", "w/.."] {
        assert!(list.lines().any(|line| line.starts_with(&format!("{key}\tTRF.0157\t"))), "{key}: {list}");
    }
}

#[tokio::test]
async fn wrong_keys_and_missing_servers_fail_without_telling_secrets() {
    let mut bed = Bed::unopened(EngineOptions::default());
    bed.add_folder("src");
    bed.add_folder("dst");
    bed.add_s3(&["real"]).await;
    let BucketPlace::S3(real) = bed.buckets[2].place.clone() else { panic!("a server was added") };
    bed.add_server("denied", &real.endpoint, "CANARY-WRONG");
    bed.add_server("gone", "http://127.0.0.1:9", SECRET);
    bed.open().await;
    bed.put("src", "a", "a");
    let shown = format!("{:?}{:?}", bed.engine(), bed.config());
    assert!(!shown.contains("CANARY"), "{shown}");
    for (from, to) in [("denied", "dst"), ("src", "denied"), ("gone", "dst")] {
        let task = bed.create(between(from, to, json!({}))).await;
        let view = bed.status(task, 4).await;
        assert!(!view.to_string().contains("CANARY"), "{view}");
        assert_ne!(view["error_reason"]["error_msg"], "", "{from} to {to}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_of_a_killed_engine_are_given_up() {
    let mut bed = Bed::unopened(EngineOptions::default());
    bed.add_folder("src");
    bed.add_s3(&["dst"]).await;
    bed.open().await;
    bed.put("src", "large", vec![9; 64 << 20]);
    let fast =
        json!({ "bandwidth_policy": [{ "start": "00:00", "end": "23:59", "max_bandwidth": 20 << 20 }] });
    let task = bed.create(between("src", "dst", fast)).await;
    bed.until("an upload under way", async || {
        let view = bed.show(task).await;
        if view["complete_size"].as_u64() > Some(20 << 20) { Ok(()) } else { Err(view.to_string()) }
    })
    .await;
    let leftovers = |bed: &Bed| {
        let names = fs::read_dir(bed.path("server")).unwrap().map(|item| item.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains("upload")).count()
    };
    assert!(leftovers(&bed) > 0);
    bed.crash();
    bed.open().await;
    bed.on_task("UpdateBandwidthPolicy", task, json!({ "bandwidth_policy": [] })).await.unwrap();
    bed.status(task, 5).await;
    assert_eq!(bed.operator("dst").read("large").await.unwrap().to_vec(), bed.get("src", "large").unwrap());
    // The last line is written after the last change that the engine tells of, so the file itself is asked.
    let mut seen = (0, 0, 0);
    for _ in 0..3000 {
        let state = fs::read_to_string(bed.path("state/state.jsonl")).unwrap();
        let (begun, ended) = (state.matches("{\"upload/").count(), state.matches("[\"upload/").count());
        seen = (begun, leftovers(&bed), begun - ended);
        if begun >= 2 && seen == (begun, 0, 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("begun, left on the server, left in the state: {seen:?}");
}
