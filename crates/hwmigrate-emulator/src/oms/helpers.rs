//! Calls that look at clouds, buckets and objects.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::read;
use crate::engine::{Inner, NodeKeys};
use crate::http::call::{ApiError, Call};
use crate::store::{Store, StoreError, StoreErrorKind};

type Answer = Result<Value, ApiError>;

/// The providers, as requests spell them, each with some of its regions.
///
/// The lists are samples: a client has to take what the service says.
const CLOUDS: [(&str, &[(&str, &str)]); 12] = [
    ("AWS", &[("us-east-1", "US East (N. Virginia)"), ("eu-central-1", "Europe (Frankfurt)")]),
    ("Azure", &[("eastus", "East US"), ("westeurope", "West Europe")]),
    ("Aliyun", &[("oss-cn-hangzhou", "China (Hangzhou)"), ("oss-cn-beijing", "China (Beijing)")]),
    ("Tencent", &[("ap-beijing", "Beijing"), ("ap-shanghai", "Shanghai")]),
    ("HuaweiCloud", &[("cn-north-4", "CN North-Beijing4"), ("cn-east-3", "CN East-Shanghai1")]),
    ("QingCloud", &[("pek3a", "Beijing 3")]),
    ("KingsoftCloud", &[("ks3-cn-beijing", "Beijing")]),
    ("Baidu", &[("bj", "Beijing")]),
    ("Qiniu", &[("z0", "East China")]),
    ("URLSource", &[]),
    ("UCloud", &[("cn-bj", "Beijing")]),
    ("Google", &[("us-east1", "South Carolina"), ("europe-west3", "Frankfurt")]),
];

pub(super) fn cloud_types(call: &Call) -> Answer {
    match call.query.get("type").map(String::as_str) {
        Some("src") => Ok(CLOUDS.iter().map(|(name, _)| *name).collect()),
        Some("dst") => Ok(json!(["HEC"])),
        _ => Err(ApiError::oms("OMS.0002", "type must be src or dst.")),
    }
}

pub(super) fn regions() -> Value {
    let cloud = |(name, regions): &(&str, &[(&str, &str)])| {
        let regions: Vec<_> = regions
            .iter()
            .map(|(value, text)| json!({ "cloud_type": name, "value": value, "description": text }))
            .collect();
        json!({ "service_name": name, "region_list": regions })
    };
    CLOUDS.iter().map(cloud).collect()
}

/// Refuses keys that are known to be wrong.
fn check_keys(inner: &Inner, call: &Call) -> Result<(), ApiError> {
    let keys: NodeKeys = read::body(call)?;
    if inner.wrong_key(&keys) {
        return Err(ApiError::oms(
            "OMS.0153",
            "The buckets cannot be read: the access key or secret key is wrong.",
        ));
    }
    Ok(())
}

fn store<'a>(inner: &'a Inner, name: &str) -> Result<&'a Store, ApiError> {
    inner
        .stores
        .get(name)
        .ok_or_else(|| ApiError::oms("OMS.0153", format!("The bucket \"{name}\" does not exist.")))
}

fn unreadable(error: &StoreError) -> ApiError {
    let code = if error.kind == StoreErrorKind::NotFound { "OMS.0089" } else { "OMS.0153" };
    ApiError::oms(code, format!("The bucket cannot be read: {}.", error.message))
}

pub(super) fn buckets(inner: &Inner, call: &Call) -> Answer {
    check_keys(inner, call)?;
    Ok(inner.stores.keys().map(String::as_str).collect())
}

pub(super) async fn objects(inner: &Arc<Inner>, call: &Call) -> Answer {
    check_keys(inner, call)?;
    let store = store(inner, call.text("bucket_name"))?;
    let folder = call.text("file_path");
    if !folder.is_empty() && !folder.ends_with('/') {
        return Err(ApiError::oms(
            "OMS.0002",
            "file_path must end in \"/\", or be empty for the whole bucket.",
        ));
    }
    let limit = call.body.get("page_size").and_then(Value::as_u64).unwrap_or(0).min(100) as usize;
    let page = store.page(folder, call.text("behind_filename"), limit).await;
    let page = page.map_err(|error| unreadable(&error))?;
    let next = page.more.then(|| page.children.last().map(|entry| entry.key.clone())).flatten();
    let records: Vec<_> = page
        .children
        .into_iter()
        .map(|entry| {
            let size = if entry.is_marker() { "--".to_owned() } else { entry.size.to_string() };
            json!({ "name": entry.key, "size": size })
        })
        .collect();
    Ok(json!({ "next_page": page.more, "next_marker": next.unwrap_or_default(), "records": records }))
}

pub(super) fn bucket_region(inner: &Inner, call: &Call) -> Answer {
    check_keys(inner, call)?;
    store(inner, call.text("bucket_name"))?;
    Ok(json!({ "id": inner.region, "name": inner.region, "support": true }))
}

pub(super) async fn check_prefix(inner: &Arc<Inner>, call: &Call) -> Answer {
    check_keys(inner, call)?;
    let store = store(inner, call.text("bucket_name"))?;
    let found = store.list(call.text("file_name"), None).next().await;
    let found = found.map_err(|error| unreadable(&error))?;
    Ok(json!({ "exist": !found.is_empty() }))
}

#[derive(Deserialize)]
struct Samples {
    #[serde(default)]
    prefix: Option<Keys>,
}

#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    keys: Vec<String>,
}

/// There is no CDN here: the answers are those of one that serves the bucket as it is.
pub(super) async fn cdn_info(inner: &Arc<Inner>, call: &Call) -> Answer {
    check_keys(inner, call)?;
    let store = store(inner, call.text("bucket"))?;
    let samples: Samples = read::body(call)?;
    let mut checked = Vec::new();
    for key in samples.prefix.map(|prefix| prefix.keys).unwrap_or_default() {
        // A key that cannot be looked up does not exist as far as a CDN is concerned.
        let exists = matches!(store.head(&key).await, Ok(Some(_)));
        checked.push(json!({ "key": key, "is_etag_matching": exists, "is_object_existing": exists }));
    }
    let available = checked.iter().all(|key| key["is_object_existing"] == true);
    Ok(json!({ "is_same_cloud_type": true, "is_download_available": available, "checked_keys": checked }))
}
