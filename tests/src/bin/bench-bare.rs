//! The floor of the benchmarks: reqwest and serde, the way one writes a single call by hand.

use std::sync::Arc;

use hwmigrate_tests::load::{Failure, Orders, PAGE, PROJECT, TASK, Workload, drive, token};
use serde::Deserialize;

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoding every field is the work to compare with")]
struct Task {
    bandwidth_policy: Option<Vec<Window>>,
    complete_size: Option<i64>,
    description: Option<String>,
    dst_node: Option<Node>,
    enable_failed_object_recording: Option<bool>,
    enable_kms: Option<bool>,
    enable_metadata_migration: Option<bool>,
    enable_restore: Option<bool>,
    error_reason: Option<Reason>,
    failed_num: Option<i64>,
    failed_object_record: Option<Record>,
    group_id: Option<String>,
    id: Option<i64>,
    is_query_over: Option<bool>,
    left_time: Option<i64>,
    migrate_since: Option<i64>,
    migrate_speed: Option<i64>,
    name: Option<String>,
    progress: Option<f64>,
    real_size: Option<i64>,
    skipped_num: Option<i64>,
    src_node: Option<Node>,
    start_time: Option<i64>,
    status: Option<i32>,
    successful_num: Option<i64>,
    task_type: Option<String>,
    group_type: Option<String>,
    total_num: Option<i64>,
    total_size: Option<i64>,
    total_time: Option<i64>,
    smn_info: Option<Smn>,
    source_cdn: Option<Cdn>,
    success_record_error_reason: Option<String>,
    skip_record_error_reason: Option<String>,
    object_overwrite_mode: Option<String>,
    dst_storage_policy: Option<String>,
    consistency_check: Option<String>,
    enable_requester_pays: Option<bool>,
    obs_system: Option<String>,
    task_priority: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "as above")]
struct Window {
    start: Option<String>,
    end: Option<String>,
    max_bandwidth: Option<i64>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "as above")]
struct Node {
    bucket: Option<String>,
    cloud_type: Option<String>,
    region: Option<String>,
    app_id: Option<String>,
    save_prefix: Option<String>,
    object_key: Option<Vec<String>>,
    list_file: Option<ListFile>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "as above")]
struct ListFile {
    list_file_key: Option<String>,
    obs_bucket: Option<String>,
    list_file_num: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "as above")]
struct Reason {
    error_code: Option<String>,
    error_msg: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "as above")]
struct Record {
    result: Option<bool>,
    list_file_key: Option<String>,
    error_code: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "as above")]
struct Smn {
    notify_result: Option<bool>,
    notify_error_message: Option<String>,
    topic_name: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "as above")]
struct Cdn {
    domain: Option<String>,
    protocol: Option<String>,
    authentication_type: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    tasks: Vec<Task>,
    count: Option<i64>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let orders = Orders::read()?;
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| "a TLS provider is installed already")?;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let token: Arc<str> = token().into();
    let tasks = format!("{}/v2/{PROJECT}/tasks", orders.url);

    if orders.workload == Workload::List {
        let url = format!("{tasks}?limit={PAGE}&offset=0");
        return drive(&orders, move || {
            let request = client.get(&url).header("X-Auth-Token", &*token);
            async move {
                let page: Page = request.send().await?.error_for_status()?.json().await?;
                let right = page.tasks.len() == PAGE && page.count == Some(PAGE as i64);
                if right { Ok(()) } else { Err("the wrong page".into()) }
            }
        })
        .await;
    }
    let url = format!("{tasks}/{TASK}");
    drive(&orders, move || {
        let request = client.get(&url).header("X-Auth-Token", &*token);
        async move {
            let task: Task = request.send().await?.error_for_status()?.json().await?;
            if task.id == Some(TASK) && task.status == Some(5) {
                Ok(())
            } else {
                Err("the wrong task".into())
            }
        }
    })
    .await
}
