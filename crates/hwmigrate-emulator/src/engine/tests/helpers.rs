use super::*;

async fn ask(bed: &Bed, call: &str, body: Value) -> Result<Value, ApiError> {
    let mut all =
        json!({ "cloud_type": "HEC", "ak": "a", "sk": "b", "data_center": REGION, "bucket_name": "src" });
    merge(&mut all, body);
    bed.call(call, &[], &[], all).await
}

#[tokio::test]
async fn folders_are_shown_page_by_page() {
    let bed = Bed::new().await;
    for key in ["a", "b/x", "b/y/z", "b-", "c", "d/1"] {
        bed.put("src", key, key);
    }
    let mut names = Vec::new();
    let mut behind = String::new();
    loop {
        let body = json!({ "file_path": "", "page_size": 2, "behind_filename": behind });
        let page = ask(&bed, "ShowBucketObjects", body).await.unwrap();
        let records = page["records"].as_array().unwrap().clone();
        names.extend(records.iter().map(|record| (record["name"].clone(), record["size"].clone())));
        if page["next_page"] == false {
            assert_eq!(page["next_marker"], "");
            break;
        }
        behind = page["next_marker"].as_str().unwrap().to_owned();
    }
    let wanted = [("a", "1"), ("b-", "2"), ("b/", "--"), ("c", "1"), ("d/", "--")];
    assert_eq!(names, wanted.map(|(name, size)| (json!(name), json!(size))));
    let body = json!({ "file_path": "b/", "page_size": 100, "behind_filename": "" });
    let page = ask(&bed, "ShowBucketObjects", body).await.unwrap();
    assert_eq!(page["records"], json!([{ "name": "b/x", "size": "3" }, { "name": "b/y/", "size": "--" }]));
    for (body, code) in [
        (json!({ "file_path": "b", "page_size": 1, "behind_filename": "" }), "OMS.0002"),
        (json!({ "file_path": "none/", "page_size": 1, "behind_filename": "" }), "OMS.0089"),
        (json!({ "file_path": "../", "page_size": 1, "behind_filename": "" }), "OMS.0153"),
        (
            json!({ "file_path": "", "page_size": 1, "behind_filename": "", "bucket_name": "none" }),
            "OMS.0153",
        ),
        (json!({ "file_path": "", "page_size": 1, "behind_filename": "", "ak": "KNOWN" }), "OMS.0153"),
    ] {
        let error = ask(&bed, "ShowBucketObjects", body.clone()).await.unwrap_err();
        assert_eq!(error.code, code, "{body}");
    }
}

#[tokio::test]
async fn buckets_can_be_looked_at() {
    let bed = Bed::new().await;
    bed.put("src", "img/a", "a");
    assert_eq!(ask(&bed, "ShowBucketList", json!({})).await.unwrap(), json!(["dst", "lists", "src"]));
    let region = ask(&bed, "ShowBucketRegion", json!({})).await.unwrap();
    assert_eq!(region, json!({ "id": REGION, "name": REGION, "support": true }));
    for (prefix, exists) in [("img", true), ("img/", true), ("img/a", true), ("imgs", false), ("", true)] {
        let answer = ask(&bed, "CheckPrefix", json!({ "file_name": prefix })).await.unwrap();
        assert_eq!(answer, json!({ "exist": exists }), "{prefix}");
    }
    let cdn = json!({ "domain": "cdn.example.test", "protocol": "http", "authentication_type": "NONE" });
    let body =
        json!({ "bucket": "src", "region": "x", "source_cdn": cdn, "prefix": { "keys": ["img/a", "b"] } });
    let answer = ask(&bed, "ShowCdnInfo", body).await.unwrap();
    assert_eq!(answer["is_download_available"], false);
    assert_eq!(
        answer["checked_keys"][0],
        json!({ "key": "img/a", "is_etag_matching": true, "is_object_existing": true })
    );
    assert_eq!(answer["checked_keys"][1]["is_object_existing"], false);
}

#[tokio::test]
async fn clouds_versions_and_terms_are_answered() {
    let bed = Bed::new().await;
    let types = bed.call("ShowCloudType", &[], &[("type", "src")], Value::Null).await.unwrap();
    assert!(types.as_array().unwrap().contains(&json!("Aliyun")));
    let error = bed.call("ShowCloudType", &[], &[("type", "x")], Value::Null).await.unwrap_err();
    assert_eq!(error.code, "OMS.0002");
    let regions = bed.call("ShowRegionInfo", &[], &[], Value::Null).await.unwrap();
    assert_eq!(regions[0]["region_list"][0]["cloud_type"], "AWS");
    let versions = bed.call("ListApiVersions", &[], &[], Value::Null).await.unwrap();
    assert_eq!(versions["versions"][1]["status"], "CURRENT");
    let version = bed.call("ShowApiInfo", &[("version", "v2")], &[], Value::Null).await.unwrap();
    assert_eq!(version, versions["versions"][1]);
    let error = bed.call("ShowApiInfo", &[("version", "v9")], &[], Value::Null).await.unwrap_err();
    assert_eq!(error.code, "OMS.1009");
    for _ in 0..2 {
        let answer = bed.call("UpdatePrivacyAgreementRecord", &[], &[], Value::Null).await.unwrap();
        assert_eq!(answer, Value::Null);
    }
}

#[tokio::test]
async fn url_lists_can_be_checked_beforehand() {
    let bed = Bed::new().await;
    bed.put("lists", "good.txt", "http://127.0.0.1/a\tb\n");
    bed.put("lists", "bad.txt", "http://127.0.0.1/a b\n");
    let check = async |key: &str, ak: &str| {
        let body =
            json!({ "obs_bucket": "lists", "list_file_key": key, "ak": ak, "sk": "x", "region": REGION });
        bed.call("CheckUrlSourceListFileFormat", &[], &[], body).await
    };
    assert_eq!(check("good.txt", "a").await.unwrap(), Value::Null);
    let error = check("bad.txt", "a").await.unwrap_err();
    assert!(error.code == "OMS.1003" && error.message.starts_with("TRF.0016: line 1"), "{}", error.message);
    assert!(check("none.txt", "a").await.unwrap_err().message.starts_with("TRF.0013"));
    assert_eq!(check("good.txt", "KNOWN").await.unwrap_err().code, "OMS.1016");
}

#[tokio::test]
async fn every_operation_of_the_document_is_answered() {
    let bed = Bed::new().await;
    assert_eq!(hwmigrate_api::oms::OPERATIONS.len(), 35);
    for operation in hwmigrate_api::oms::OPERATIONS {
        if let Err(error) = bed.call(operation.id, &[], &[], json!({})).await {
            assert_ne!(error.code, "OMS.0005", "{}", operation.id);
        }
    }
}
