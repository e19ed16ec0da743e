//! How often the client logs in, counted by the one who is asked.

use std::sync::Arc;

use hwmigrate_emulator::{Fault, FaultKind};
use hwmigrate_tests::sandbox::{Sandbox, client_of};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const CALLERS: usize = 1_000;

async fn call_all_at_once(client: &hwmigrate::Client) {
    let barrier = Arc::new(Barrier::new(CALLERS));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (client, barrier) = (client.clone(), Arc::clone(&barrier));
        callers.spawn(async move {
            barrier.wait().await;
            client.oms().tasks().list().page(0).await.map(drop)
        });
    }
    for result in callers.join_all().await {
        result.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousand_concurrent_first_calls_make_one_login() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = sandbox.client().unwrap();
    call_all_at_once(&client).await;
    assert_eq!(sandbox.calls_of("KeystoneCreateToken"), 1);
    assert_eq!(sandbox.calls_of("ListTasks"), CALLERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousand_callers_with_an_expired_token_make_one_more_login() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = sandbox.client().unwrap();
    client.login().await.unwrap();
    sandbox.emulator.expire_tokens().unwrap();
    call_all_at_once(&client).await;
    assert_eq!(sandbox.calls_of("KeystoneCreateToken"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn project_is_looked_up_once_for_all_callers() {
    let sandbox = Sandbox::start().await.unwrap();
    let keys = hwmigrate::Credentials::password(
        "tests-domain",
        "tests-user",
        "made-up-password-of-the-tests".into(),
    );
    let client = hwmigrate::Client::builder()
        .environment(hwmigrate::Environment::empty())
        .region("cn-north-4")
        .credentials(keys)
        .endpoint(hwmigrate::Service::Iam, sandbox.emulator.url())
        .endpoint(hwmigrate::Service::Oms, sandbox.emulator.url())
        .build()
        .unwrap();
    call_all_at_once(&client).await;
    assert_eq!(client.project_id().await.unwrap(), sandbox.emulator.project_id());
    let looked_up = sandbox.calls_of("KeystoneListProjects") + sandbox.calls_of("KeystoneListAuthProjects");
    assert!(looked_up <= 1, "{looked_up} look-ups");
    assert_eq!(sandbox.calls_of("KeystoneCreateToken"), 1);
}

#[tokio::test]
async fn refused_login_is_not_repeated() {
    let sandbox = Sandbox::start().await.unwrap();
    let wrong = hwmigrate::Credentials::password("tests-domain", "tests-user", "wrong".into());
    let client = client_of(sandbox.emulator.url()).credentials(wrong).build().unwrap();
    let error = client.login().await.unwrap_err();
    assert!(error.is_auth(), "{error:?}");
    assert!(error.request_id().is_some(), "{error:?}");
    assert_eq!(sandbox.calls_of("KeystoneCreateToken"), 1, "another try would lock the user");
}

#[tokio::test]
async fn login_outlasts_a_gateway_that_fails_twice() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.emulator.faults().push(Fault::new(FaultKind::BadGateway).on("KeystoneCreateToken").times(2));
    sandbox.client().unwrap().login().await.unwrap();
    assert_eq!(sandbox.calls_of("KeystoneCreateToken"), 3);
}
