//! The benchmark's server: the same two answers for every client, from memory.
//!
//! Prints its address when it is ready and serves until its standard input ends,
//! so that it cannot outlive the program that started it.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};

use bytes::Bytes;
use http_body_util::Full;
use hwmigrate_tests::load::{Failure, PAGE, TASK};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The documents' own example of a task.
fn task(id: i64) -> Value {
    json!({
        "bandwidth_policy": [], "complete_size": 2_223_728, "description": "",
        "dst_node": {"bucket": "api-test-outline", "region": "cn-north-7"},
        "enable_failed_object_recording": true, "enable_kms": false, "enable_restore": false,
        "error_reason": null, "failed_num": 0,
        "failed_object_record": {"result": null, "list_file_key": null, "error_code": null},
        "group_id": "", "id": id, "is_query_over": true, "left_time": 0, "migrate_since": 0,
        "migrate_speed": 71_477, "name": "task_name", "progress": 1.0, "real_size": 2_223_728,
        "skipped_num": 0,
        "src_node": {
            "bucket": "a-test-1", "cloud_type": "HuaweiCloud", "region": "cn-north-7", "app_id": "",
            "object_key": ["01.png", "list.txt"], "list_file": null
        },
        "start_time": 1_589_267_678_170_i64, "status": 5, "successful_num": 2, "task_type": "object",
        "total_num": 2, "total_size": 2_223_728, "total_time": 31_111, "smn_info": null, "source_cdn": null
    })
}

fn page() -> Value {
    let tasks: Vec<_> = (TASK..).take(PAGE).map(task).collect();
    json!({"tasks": tasks, "count": PAGE})
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (one, many) = (Bytes::from(task(TASK).to_string()), Bytes::from(page().to_string()));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (one, many) = (one.clone(), many.clone());
        tokio::spawn(async move {
            let answer = service_fn(move |request: Request<Incoming>| {
                let body = if request.uri().path().ends_with("/tasks") { many.clone() } else { one.clone() };
                let mut response = Response::new(Full::new(body));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                async move { Ok::<_, Infallible>(response) }
            });
            // A client that goes away is the end of its connection, not of the server.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}
