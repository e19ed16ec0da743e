use super::*;

#[tokio::test]
async fn a_whole_bucket_arrives_with_odd_names_and_times() {
    let bed = Bed::new().await;
    for key in
        ["a", "deep/er/x y.bin", "文件/é ü.txt", "empty", "-dash", "per%20cent", "q?x=1&y#z", "tab\tkey"]
    {
        bed.put("src", key, if key == "empty" { "" } else { key });
    }
    fs::create_dir_all(bed.path("src").join("marker/inner")).unwrap();
    let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    fs::File::open(bed.path("src").join("a")).unwrap().set_modified(old).unwrap();

    let view = bed.migrate(request(json!({}))).await;
    assert_eq!(tree(&bed.path("dst")), tree(&bed.path("src")));
    assert!(bed.path("dst").join("marker/inner").is_dir());
    assert_eq!(fs::metadata(bed.path("dst").join("a")).unwrap().modified().unwrap(), old);
    assert_eq!(view["total_num"], 9);
    assert_eq!(view["successful_num"], 9);
    assert_eq!((&view["failed_num"], &view["skipped_num"]), (&json!(0), &json!(0)));
    assert_eq!(view["progress"], 1.0);
    assert_eq!(view["is_query_over"], true);
    assert_eq!(view["total_size"], view["complete_size"]);
    assert_eq!(view["error_reason"], Value::Null);
    assert!(!bed.path("dst").join(".hwmigrate-partial").exists());
}

#[tokio::test]
async fn only_the_chosen_files_and_folders_are_taken() {
    let bed = Bed::new().await;
    for key in ["a", "b", "img/1", "img/2", "img2/3", "doc/x"] {
        bed.put("src", key, key);
    }
    let keys = json!(["img/", "a", "img/1", "a"]);
    let view = bed.migrate(request(json!({ "src_node": { "object_key": keys } }))).await;
    assert_eq!(tree(&bed.path("dst")).into_keys().collect::<Vec<_>>(), ["a", "img/1", "img/2"]);
    assert_eq!(view["total_num"], 3);
}

#[tokio::test]
async fn prefixes_match_in_the_middle_of_names() {
    let bed = Bed::new().await;
    for key in ["img-1", "img-2/x", "img/y", "other", "deep/pre-1", "deep/pre-2", "deep/other"] {
        bed.put("src", key, key);
    }
    let body = request(json!({
        "task_type": "prefix",
        "src_node": { "object_key": ["img-", "img-2", "deep/pre"] },
        "dst_node": { "save_prefix": "saved/" },
    }));
    let view = bed.migrate(body).await;
    let names: Vec<_> = tree(&bed.path("dst")).into_keys().collect();
    assert_eq!(names, ["saved/deep/pre-1", "saved/deep/pre-2", "saved/img-1", "saved/img-2/x"]);
    assert_eq!(view["total_num"], 4);
    assert_eq!(view["dst_node"]["save_prefix"], "saved/");
}

fn list(key: &str, kind: &str) -> Value {
    request(json!({
        "task_type": kind,
        "src_node": {
            "cloud_type": if kind == "url_list" { "URLSource" } else { "Aliyun" },
            "object_key": null,
            "list_file": { "list_file_key": key, "obs_bucket": "lists" },
        },
    }))
}

#[tokio::test]
async fn a_list_file_names_url_encoded_keys() {
    let bed = Bed::new().await;
    for key in ["a b", "文/件", "plain", "unlisted"] {
        bed.put("src", key, key);
    }
    bed.put("lists", "l.txt", "a%20b\r\n%E6%96%87/%E4%BB%B6\n\nplain\n");
    let view = bed.migrate(list("l.txt", "list")).await;
    assert_eq!(tree(&bed.path("dst")).into_keys().collect::<Vec<_>>(), ["a b", "plain", "文/件"]);
    assert_eq!(view["total_num"], 3);
    assert_eq!(view["total_size"], 3 + 7 + 5);
    assert_eq!(view["src_node"]["list_file"]["list_file_key"], "l.txt");
}

#[tokio::test]
async fn a_folder_of_list_files_is_read_in_whole() {
    let bed = Bed::new().await;
    for key in ["a", "b", "c"] {
        bed.put("src", key, key);
    }
    bed.put("lists", "many/1.txt", "a\n");
    bed.put("lists", "many/2.txt", "b\nc");
    let view = bed.migrate(list("many/", "list")).await;
    assert_eq!(view["successful_num"], 3);
}

#[tokio::test]
async fn unusable_list_files_fail_the_task_with_their_reason() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    bed.put("lists", "l.csv", "a");
    bed.put("lists", "empty.txt", "\n \n");
    bed.put("lists", "long.txt", format!("a\n{}", "x".repeat(70_000)));
    bed.put("lists", "bom.txt", "\u{feff}a");
    bed.put("lists", "latin.txt", [0xE9, b'\n']);
    bed.put("lists", "urls.txt", "http://127.0.0.1/x\tk\nno tab here");
    for (key, kind, code, part) in [
        ("gone.txt", "list", "TRF.0013", "does not exist"),
        ("l.csv", "list", "TRF.0014", "not a .txt file"),
        ("empty.txt", "list", "TRF.0017", "empty"),
        ("long.txt", "list", "TRF.0018", "line 2"),
        ("bom.txt", "list", "TRF.0013", "byte order mark"),
        ("latin.txt", "list", "TRF.0013", "UTF-8"),
        ("urls.txt", "url_list", "TRF.0016", "line 2"),
        ("no-folder/", "list", "TRF.0017", "no list file"),
    ] {
        let task = bed.create(list(key, kind)).await;
        let view = bed.status(task, 4).await;
        assert_eq!(view["error_reason"]["error_code"], code, "{key}");
        let text = view["error_reason"]["error_msg"].as_str().unwrap();
        assert!(text.contains(part), "{key}: {text}");
    }
}

/// Serves fixed answers by path until it is dropped.
async fn web(pages: Vec<(&'static str, String)>) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
            let page = pages.iter().find(|(wanted, _)| *wanted == path);
            let missing = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned();
            let answer = page.map_or(missing, |(_, answer)| answer.clone());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}")
}

fn page(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_url_list_is_fetched_with_its_signed_urls_as_they_are() {
    let bed = Bed::new().await;
    let away = "HTTP/1.1 302 Found\r\nlocation: http://example.test/x\r\ncontent-length: 0\r\n\r\n";
    let base =
        web(vec![("/a?sig=%2Fx%3D&y=1", page("signed")), ("/b", page("")), ("/away", away.to_owned())]).await;
    let lines = format!(
        "{base}/a?sig=%2Fx%3D&y=1\tfolder/%E6%96%87.txt\n{base}/b\tempty\n{base}/gone\tgone\n\
         {base}/away\taway\nhttp://example.test/x\telsewhere\n"
    );
    bed.put("lists", "urls.txt", lines);
    let task = bed.create(list("urls.txt", "url_list")).await;
    let view = bed.status(task, 4).await;
    assert_eq!(view["error_reason"]["error_code"], "TRF.0062");
    assert_eq!((&view["successful_num"], &view["failed_num"]), (&json!(2), &json!(3)));
    assert_eq!(bed.get("dst", "folder/文.txt").unwrap(), b"signed");
    assert_eq!(bed.get("dst", "empty").unwrap(), b"");
    let list = view["failed_object_record"]["list_file_key"].as_str().unwrap();
    let list = String::from_utf8(bed.get("dst", list).unwrap()).unwrap();
    assert!(list.contains("gone\tTRF.0156\t"), "{list}");
    assert!(!list.contains("sig="), "signed URLs stay out of lists: {list}");

    // Only what failed is fetched again.
    bed.start(task, true).await.unwrap();
    let view = bed.status(task, 4).await;
    assert_eq!((&view["successful_num"], &view["failed_num"]), (&json!(2), &json!(3)));
    assert_eq!(view["total_num"], 5);
}

#[tokio::test]
async fn an_object_of_unknown_length_needs_no_check() {
    let bed = Bed::new().await;
    let base =
        web(vec![("/a", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nuntil the end".to_owned())]).await;
    bed.put("lists", "urls.txt", format!("{base}/a\ta"));
    let task = bed.create(list("urls.txt", "url_list")).await;
    let view = bed.status(task, 4).await;
    assert_eq!(view["failed_num"], 1);
    let mut body = list("urls.txt", "url_list");
    body["consistency_check"] = json!("no_check");
    bed.migrate(body).await;
    assert_eq!(bed.get("dst", "a").unwrap(), b"until the end");
}
