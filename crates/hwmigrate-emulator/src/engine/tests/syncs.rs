use super::*;

fn sync(more: Value) -> Value {
    let mut body = json!({
        "src_cloud_type": "Aliyun", "src_region": "oss-cn-beijing", "src_bucket": "src",
        "src_ak": "a", "src_sk": "b",
        "dst_region": REGION, "dst_bucket": "dst", "dst_ak": "c", "dst_sk": "d",
    });
    merge(&mut body, more);
    body
}

impl Bed {
    async fn create_sync(&self) -> String {
        let answer = self.call("CreateSyncTask", &[], &[], sync(json!({}))).await.unwrap();
        answer["sync_task_id"].as_str().unwrap().to_owned()
    }

    async fn on_sync(
        &self,
        call: &str,
        id: &str,
        query: &[(&str, &str)],
        body: Value,
    ) -> Result<Value, ApiError> {
        self.call(call, &[("sync_task_id", id)], query, body).await
    }

    async fn events(&self, id: &str, keys: Value) -> Result<Value, ApiError> {
        self.on_sync("CreateSyncEvents", id, &[], json!({ "object_keys": keys })).await
    }

    async fn month(&self, id: &str) -> Value {
        let now = self.engine().inner().now().to_string();
        self.on_sync("ShowSyncTask", id, &[("query_time", &now)], Value::Null).await.unwrap()
    }

    /// Waits until so many objects are over.
    async fn synced(&self, id: &str, objects: u64) -> Value {
        self.until("events", async || {
            let view = self.month(id).await;
            let over = ["success", "failure", "skip"]
                .map(|name| view[format!("monthly_{name}_object")].as_u64().unwrap());
            if over.iter().sum::<u64>() == objects { Ok(view) } else { Err(view.to_string()) }
        })
        .await
    }
}

#[tokio::test]
async fn events_copy_the_named_objects_now() {
    let bed = Bed::new().await;
    for key in ["a b", "文/件", "c", "unasked"] {
        bed.put("src", key, key);
    }
    let id = bed.create_sync().await;
    let answer = bed.events(&id, json!(["a%20b", "%E6%96%87/%E4%BB%B6", "gone"])).await.unwrap();
    assert_eq!(answer, Value::Null);
    bed.synced(&id, 3).await;
    bed.events(&id, json!(["a%20b", "c"])).await.unwrap();
    let view = bed.synced(&id, 5).await;
    assert_eq!(tree(&bed.path("dst")).into_keys().collect::<Vec<_>>(), ["a b", "c", "文/件"]);
    for (field, value) in [
        ("monthly_acceptance_request", 5),
        ("monthly_success_object", 3),
        ("monthly_failure_object", 1),
        ("monthly_skip_object", 1),
        ("monthly_size", 3 + 7 + 1),
    ] {
        assert_eq!(view[field], value, "{field}");
    }
    assert_eq!(view["status"], "SYNCHRONIZING");
    let last_month = (bed.engine().inner().now() - 45 * 24 * 60 * 60 * 1000).to_string();
    let before = bed.on_sync("ShowSyncTask", &id, &[("query_time", &last_month)], Value::Null).await.unwrap();
    assert_eq!(before["monthly_success_object"], 0);
}

#[tokio::test]
async fn statistics_count_in_steps_of_time() {
    let bed = Bed::new().await;
    bed.put("src", "a", "four");
    let id = bed.create_sync().await;
    bed.events(&id, json!(["a", "gone"])).await.unwrap();
    bed.synced(&id, 2).await;
    let now = bed.engine().inner().now();
    let ask = async |types: &str, from: i64| {
        let (from, to) = (from.to_string(), now.to_string());
        let query = [("data_type", types), ("start_time", from.as_str()), ("end_time", to.as_str())];
        bed.on_sync("ListSyncTaskStatistic", &id, &query, Value::Null).await
    };
    let hour = 60 * 60 * 1000;
    let answer = ask("REQUEST,SIZE", now - hour).await.unwrap();
    assert_eq!(answer["statistic_time_type"], "FIVE_MINUTES");
    let sum = |series: &Value| {
        let points = series["data"].as_array().unwrap();
        assert!(points.len() <= 1000);
        points.iter().map(|point| point["statistic_num"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((sum(&answer["statistic_datas"][0]), sum(&answer["statistic_datas"][1])), (2, 4));
    let answer = ask("FAILURE", now - 90 * 24 * hour).await.unwrap();
    assert_eq!((&answer["statistic_time_type"], sum(&answer["statistic_datas"][0])), (&json!("ONE_HOUR"), 1));
    assert_eq!(ask("WRONG", now - hour).await.unwrap_err().code, "OMS.0002");
    assert_eq!(ask("SIZE", now + hour).await.unwrap_err().code, "OMS.0051");
}

#[tokio::test]
async fn sync_tasks_start_stop_and_go() {
    let bed = Bed::new().await;
    bed.put("src", "a", "a");
    let id = bed.create_sync().await;
    assert_eq!(bed.on_sync("DeleteSyncTask", &id, &[], Value::Null).await.unwrap_err().code, "OMS.0063");
    let again = bed.on_sync("StartSyncTask", &id, &[], start_keys()).await.unwrap_err();
    assert_eq!(again.code, "OMS.0065");
    bed.on_sync("StopSyncTask", &id, &[], Value::Null).await.unwrap();
    assert_eq!(bed.on_sync("StopSyncTask", &id, &[], Value::Null).await.unwrap_err().code, "OMS.0066");
    assert_eq!(bed.events(&id, json!(["a"])).await.unwrap_err().code, "OMS.0066");
    let list = bed.call("ListSyncTasks", &[], &[("status", "STOPPED")], Value::Null).await.unwrap();
    assert_eq!((&list["count"], &list["tasks"][0]["sync_task_id"]), (&json!(1), &json!(id)));
    bed.on_sync("StartSyncTask", &id, &[], start_keys()).await.unwrap();
    bed.events(&id, json!(["a"])).await.unwrap();
    bed.synced(&id, 1).await;
    bed.on_sync("StopSyncTask", &id, &[], Value::Null).await.unwrap();
    bed.on_sync("DeleteSyncTask", &id, &[], Value::Null).await.unwrap();
    let error = bed.events(&id, json!(["a"])).await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (404, "OMS.1009"));
}

#[tokio::test]
async fn there_are_at_most_five_sync_tasks() {
    let bed = Bed::new().await;
    for _ in 0..5 {
        bed.create_sync().await;
    }
    let error = bed.call("CreateSyncTask", &[], &[], sync(json!({}))).await.unwrap_err();
    assert_eq!(error.code, "OMS.1037");
    for (more, code) in [
        (json!({ "src_bucket": "none" }), "OMS.1014"),
        (json!({ "dst_bucket": "none" }), "OMS.1016"),
        (json!({ "dst_region": "elsewhere" }), "OMS.0060"),
        (json!({ "src_ak": "KNOWN" }), "OMS.1014"),
        (json!({ "dst_ak": "KNOWN" }), "OMS.1016"),
    ] {
        let error = bed.call("CreateSyncTask", &[], &[], sync(more.clone())).await.unwrap_err();
        assert_eq!(error.code, code, "{more}");
    }
}

#[tokio::test]
async fn accepted_events_survive_the_end_of_the_process() {
    let mut bed = Bed::new().await;
    let mut keys = Vec::new();
    for number in 0..50 {
        keys.push(format!("{number}"));
        bed.put("src", &keys[number], vec![1; 1 << 16]);
    }
    let id = bed.create_sync().await;
    bed.events(&id, json!(keys)).await.unwrap();
    bed.crash();
    bed.open().await;
    bed.synced(&id, 50).await;
    assert_eq!(tree(&bed.path("dst")), tree(&bed.path("src")));
    assert_eq!(bed.month(&id).await["monthly_acceptance_request"], 50);
}

#[tokio::test]
async fn more_events_than_can_wait_are_refused_whole() {
    let bed = Bed::new().await;
    let id = bed.create_sync().await;
    let keys: Vec<_> = (0..=crate::engine::sync::MOST_PENDING).map(|number| format!("k{number}")).collect();
    let error = bed.events(&id, json!(keys)).await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (400, "OMS.1037"));
    assert_eq!(bed.month(&id).await["monthly_acceptance_request"], 0);
    bed.put("src", "a", "a");
    bed.events(&id, json!(["a"])).await.unwrap();
    bed.synced(&id, 1).await;
}

#[tokio::test]
async fn the_id_of_a_deleted_sync_task_never_comes_again() {
    let mut bed = Bed::new().await;
    let first = bed.create_sync().await;
    let second = bed.create_sync().await;
    bed.on_sync("StopSyncTask", &second, &[], Value::Null).await.unwrap();
    bed.on_sync("DeleteSyncTask", &second, &[], Value::Null).await.unwrap();
    bed.crash();
    bed.open().await;
    let third = bed.create_sync().await;
    assert!(third != first && third != second, "{first} {second} {third}");
}
