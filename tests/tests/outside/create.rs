//! Creating over a network that loses replies: one known job, whatever happens.

use hwmigrate::ErrorKind;
use hwmigrate_emulator::{Fault, FaultKind};
use hwmigrate_tests::sandbox::{PATIENCE, Sandbox, copy, quickly};
use hwmigrate_tests::tree;
use serde_json::json;

#[tokio::test]
async fn lost_reply_of_a_plain_create_is_ambiguous_and_not_repeated() {
    for kind in [
        FaultKind::LoseReply,
        FaultKind::CutBody { bytes: 5 },
        FaultKind::EmptyBody,
        FaultKind::TruncatedJson,
    ] {
        let sandbox = Sandbox::start().await.unwrap();
        tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
        let tasks = sandbox.client().unwrap().oms().tasks();
        sandbox.emulator.faults().push(Fault::new(kind.clone()).on("CreateTask"));
        let error = tasks.create(&copy("", json!({})).unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{kind:?}: {error:?}");
        assert!(error.advice().is_some_and(|advice| advice.contains("list")), "{error:?}");
        assert_eq!(sandbox.calls_of("CreateTask"), 1, "{kind:?}");
        assert_eq!(tasks.list().all().await.unwrap().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn lost_reply_of_a_create_once_leaves_one_job_and_its_id_is_known() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let tasks = sandbox.client().unwrap().oms().tasks();
    // Others of the same description must not be taken for it.
    let request = copy("", json!({"description": "nightly"})).unwrap();
    for _ in 0..3 {
        tasks.create(&request).await.unwrap();
    }
    sandbox.emulator.faults().push(Fault::new(FaultKind::LoseReply).on("CreateTask"));
    let created = tasks.create_once(&request).await.unwrap();
    assert!(created.adopted);
    assert_eq!(sandbox.calls_of("CreateTask"), 4);
    let ids: Vec<_> = tasks.list().all().await.unwrap().into_iter().filter_map(|task| task.id).collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(ids.iter().filter(|id| **id == created.id).count(), 1);
    assert!(tasks.wait(created.id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap().is_done());
}

#[tokio::test]
async fn create_whose_connection_never_opened_or_was_throttled_is_repeated_without_doubt() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let tasks = sandbox.client().unwrap().oms().tasks();
    let throttle = FaultKind::Throttle { limit: 100, window_seconds: 1, retry_after: Some(0) };
    sandbox.emulator.faults().push(Fault::new(throttle).on("CreateTask"));
    let created = tasks.create(&copy("", json!({})).unwrap()).await.unwrap();
    assert!(!created.adopted);
    assert_eq!(sandbox.calls_of("CreateTask"), 2);
    assert_eq!(tasks.list().all().await.unwrap().len(), 1);
}
