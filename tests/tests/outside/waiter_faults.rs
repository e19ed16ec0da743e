//! The waiter against everything that the emulator can do to a look.

use hwmigrate::ErrorKind;
use hwmigrate::wait::Until;
use hwmigrate_emulator::{Fault, FaultKind};
use hwmigrate_tests::sandbox::{PATIENCE, Sandbox, client_of, copy, quickly, restart};
use hwmigrate_tests::tree;
use serde_json::json;

/// What may pass. A wait must outlast each, whether it strikes once or in a row.
fn passing() -> Vec<FaultKind> {
    vec![
        FaultKind::Reset,
        FaultKind::Delay { milliseconds: 5 },
        FaultKind::BadGateway,
        FaultKind::Unavailable { retry_after: None },
        FaultKind::Unavailable { retry_after: Some(0) },
        FaultKind::Throttle { limit: 100, window_seconds: 1, retry_after: Some(0) },
        FaultKind::Unauthorized,
        FaultKind::ExpireTokens,
        FaultKind::Status { status: 500, code: "OMS.1001".to_owned(), message: "internal".to_owned() },
        FaultKind::LoseReply,
        FaultKind::CutBody { bytes: 40 },
        FaultKind::SlowDrip { milliseconds: 0 },
        FaultKind::EmptyBody,
        FaultKind::TruncatedJson,
        FaultKind::WrongType { member: "src_node".to_owned() },
        FaultKind::UnknownField,
        FaultKind::State { state: json!(42) },
        FaultKind::State { state: json!("a word") },
    ]
}

#[tokio::test]
async fn wait_outlasts_every_fault_that_may_pass() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let tasks = sandbox.client().unwrap().oms().tasks();
    let id = tasks.create(&copy("", json!({})).unwrap()).await.unwrap().id;
    tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    for kind in passing() {
        for times in [1, 3] {
            let faults = sandbox.emulator.faults();
            // The task seems to run until the fault has struck, and one look before.
            faults.push(Fault::new(FaultKind::State { state: json!(2) }).on("ShowTask").times(1 + times));
            faults.push(Fault::new(kind.clone()).on("ShowTask").skip(1).times(times));
            let waited = tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await;
            assert!(waited.as_ref().is_ok_and(|outcome| outcome.is_done()), "{kind:?} × {times}: {waited:?}");
            assert_eq!(faults.armed(), [], "{kind:?} × {times} did not strike");
            faults.clear();
        }
    }
}

#[tokio::test]
async fn wait_keeps_to_an_enforced_rate_limit() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let tasks = sandbox.client().unwrap().oms().tasks();
    let id = tasks.create(&copy("", json!({})).unwrap()).await.unwrap().id;
    tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    let faults = sandbox.emulator.faults();
    faults.push(
        Fault::new(FaultKind::States { states: vec![json!(2); 8].into_iter().chain([json!(5)]).collect() })
            .on("ShowTask")
            .forever(),
    );
    faults.push(
        Fault::new(FaultKind::RateLimit { limit: 5, window_seconds: 1, retry_after: true })
            .on("ShowTask")
            .forever(),
    );
    let outcome = tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    assert!(outcome.is_done());
}

#[tokio::test]
async fn wait_ends_at_once_where_waiting_cannot_help() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let tasks = sandbox.client().unwrap().oms().tasks();
    let id = tasks.create(&copy("", json!({})).unwrap()).await.unwrap().id;
    let status = |status: u16, code: &str| FaultKind::Status {
        status,
        code: code.to_owned(),
        message: "the server's own words".to_owned(),
    };
    let cases = [
        (status(400, "OMS.0072"), ErrorKind::Auth),
        (status(403, "OMS.0072"), ErrorKind::Auth),
        (status(400, "OMS.1009"), ErrorKind::NotFound),
        (status(404, "OMS.0053"), ErrorKind::NotFound),
    ];
    for (kind, expected) in cases {
        sandbox.emulator.faults().push(Fault::new(kind.clone()).on("ShowTask").forever());
        let error = tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap_err();
        assert_eq!(error.kind(), expected, "{kind:?}: {error:?}");
        assert_eq!(error.message(), "the server's own words");
        assert!(error.request_id().is_some(), "{error:?}");
        sandbox.emulator.faults().clear();
    }
}

#[tokio::test]
async fn ids_beyond_a_double_stay_exact_from_create_to_delete() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    sandbox.emulator.faults().push(Fault::new(FaultKind::BigIds));
    let tasks = sandbox.client().unwrap().oms().tasks();
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(tasks.create(&copy("", json!({})).unwrap()).await.unwrap().id);
    }
    assert!(ids.iter().all(|id| *id > 1 << 53) && ids[0] != ids[1], "{ids:?}");
    for id in ids {
        let outcome = tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
        assert_eq!(outcome.progress().id, id.to_string());
        tasks.delete(id).await.unwrap();
        assert!(tasks.show(id).await.unwrap_err().is_not_found());
    }
}

#[tokio::test]
async fn held_job_waits_and_goes_on_when_released() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    sandbox.emulator.faults().push(Fault::new(FaultKind::HoldState { state: 1 }));
    let tasks = sandbox.client().unwrap().oms().tasks();
    let id = tasks.create(&copy("", json!({})).unwrap()).await.unwrap().id;
    let brief = std::time::Duration::from_millis(50);
    let error =
        tasks.wait(id).until(Until::Started).poll(quickly()).deadline(brief).wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    sandbox.emulator.faults().release(1);
    let outcome = tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    assert!(outcome.is_done());
}

#[tokio::test]
async fn token_that_expires_in_the_middle_of_a_wait_is_replaced_once() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", &tree::noise(4, 3 << 20))]).unwrap();
    let tasks = sandbox.client().unwrap().oms().tasks();
    let slow = json!({"bandwidth_policy": hwmigrate_tests::sandbox::all_day(1 << 20)});
    let id = tasks.create(&copy("", slow).unwrap()).await.unwrap().id;
    let mut wait = tasks.wait(id).poll(quickly()).deadline(PATIENCE);
    wait.next().await.unwrap();
    assert_eq!(sandbox.calls_of("KeystoneCreateToken"), 1);

    sandbox.emulator.expire_tokens().unwrap();
    while wait.next().await.unwrap().is_some() {}
    assert!(wait.outcome().is_some_and(|outcome| outcome.is_done()), "{:?}", wait.outcome());
    assert_eq!(sandbox.calls_of("KeystoneCreateToken"), 2);
    let refused = sandbox.emulator.journal().into_iter().filter(|entry| entry.status == Some(401)).count();
    assert_eq!(refused, 1, "one look met the expired token, and none after it");
}

#[tokio::test]
async fn token_past_its_own_end_is_replaced_before_it_is_refused() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let tasks = sandbox.client().unwrap().oms().tasks();
    let id = tasks.create(&copy("", json!({})).unwrap()).await.unwrap().id;
    // The server's clock runs ahead; what the client knows of time it has from the server.
    sandbox.emulator.advance_clock(std::time::Duration::from_secs(25 * 3600));
    let outcome = tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    assert!(outcome.is_done());
    assert_eq!(sandbox.calls_of("KeystoneCreateToken"), 2);
}

#[tokio::test]
async fn signed_client_waits_like_one_with_a_token() {
    use hwmigrate::{Credentials, Secret};
    let sandbox = Sandbox::start_with(|builder| builder.access_key("MADEUPKEY", "made-up-secret-key".into()))
        .await
        .unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let keys = Credentials::access_key(Secret::from("MADEUPKEY"), Secret::from("made-up-secret-key"));
    let tasks = client_of(sandbox.emulator.url()).credentials(keys).build().unwrap().oms().tasks();
    let id = tasks.create(&copy("", json!({})).unwrap()).await.unwrap().id;
    assert!(tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap().is_done());
    let error = tasks.start(id, &restart(false).unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("OMS.0070")), "{error:?}");
    assert_eq!(sandbox.calls_of("KeystoneCreateToken"), 0);
}
