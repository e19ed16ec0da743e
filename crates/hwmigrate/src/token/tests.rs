//! One login for everyone, on a scripted network and a paused clock.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hwmigrate_api::Secret;
use tokio::time::Instant;

use crate::credentials::{Credential, Credentials};
use crate::error::{Error, ErrorKind};
use crate::transport::script::{Network, OK, REFUSED, Reply, SHOW, call, call_within, password};

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_and_the_call_replayed_once() {
    let network = Network::of([OK, REFUSED]);
    let client = network.client("replaced", password());
    call(&client, SHOW).await.unwrap();
    call(&client, SHOW).await.unwrap();
    assert_eq!(network.tokens(), ["token-1", "token-1", "token-2"]);

    let stubborn = Network::of([REFUSED, REFUSED, REFUSED]);
    let error = call(&stubborn.client("stubborn", password()), SHOW).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.code()), (ErrorKind::Auth, 2, Some("APIGW.0301")));
    assert_eq!(stubborn.logins.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn many_callers_whose_token_is_refused_share_one_login() {
    let network = Network::of([]);
    let client = network.client("many-refused", password());
    call(&client, SHOW).await.unwrap();
    *network.revoked.lock().unwrap() = Some("token-1");
    let calls = (0..50).map(|_| call(&client, SHOW));
    for outcome in futures_util::future::join_all(calls).await {
        outcome.unwrap();
    }
    assert_eq!(network.logins.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_given_token_is_not_replaced() {
    let network = Network::of([REFUSED]);
    let client = network.client("given", Credentials::token(Secret::from("mine\n"), None));
    let error = call(&client, SHOW).await.unwrap_err();
    assert!(error.is_auth() && error.advice().is_some());
    assert_eq!((network.tokens(), network.logins.load(Ordering::SeqCst)), (vec!["mine".to_owned()], 0));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_first_callers_cause_one_login() {
    let network = Network::of([]);
    *network.login_takes.lock().unwrap() = Duration::from_secs(2);
    let client = network.client("thousand", password());
    let calls = (0..1000).map(|_| call(&client, SHOW));
    for outcome in futures_util::future::join_all(calls).await {
        outcome.unwrap();
    }
    assert_eq!(network.logins.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_tried_once_for_all_callers() {
    let wrong =
        Reply::Status(401, &[], r#"{"error":{"code":401,"message":"The username or password is wrong."}}"#);
    let network = Network::of([]);
    network.login_replies.lock().unwrap().extend(std::iter::repeat_n(wrong, 10));
    *network.login_takes.lock().unwrap() = Duration::from_secs(1);
    let client = network.client("wrong", password());
    let calls = (0..1000).map(|_| call(&client, SHOW));
    for outcome in futures_util::future::join_all(calls).await {
        let error = outcome.unwrap_err();
        assert!(error.is_auth());
        assert_eq!(error.operation(), Some("KeystoneCreateToken"));
        assert!(!error.chain().contains("canary"));
    }
    assert!(call(&client, SHOW).await.unwrap_err().is_auth());
    assert_eq!(network.logins.load(Ordering::SeqCst), 1);
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert!(call(&client, SHOW).await.unwrap_err().is_auth());
    assert_eq!(network.logins.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_gives_up_does_not_fail_the_others() {
    let network = Network::of([]);
    *network.login_takes.lock().unwrap() = Duration::from_secs(10);
    let client = network.client("gives-up", password());
    let hasty = call_within(&client, SHOW, Duration::from_secs(3));
    let patient = call_within(&client, SHOW, Duration::from_secs(60));
    let (hasty, patient) = tokio::join!(hasty, patient);
    assert_eq!(hasty.unwrap_err().kind(), ErrorKind::Timeout);
    patient.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_its_end() {
    let network = Network::of([]);
    *network.lifetime.lock().unwrap() = 3600;
    let client = network.client("renewed", password());
    call(&client, SHOW).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2800)).await;
    call(&client, SHOW).await.unwrap();
    assert_eq!(network.logins.load(Ordering::SeqCst), 1);
    tokio::time::sleep(Duration::from_secs(600)).await;
    call(&client, SHOW).await.unwrap();
    assert_eq!(network.tokens(), ["token-1", "token-1", "token-2"]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_early_renewal_keeps_the_good_token_and_pauses() {
    let network = Network::of([]);
    *network.lifetime.lock().unwrap() = 3600;
    let client = network.client("kept", password());
    call(&client, SHOW).await.unwrap();
    let no = Reply::Status(403, &[], r#"{"error_code":"IAM.0083","error_msg":"no"}"#);
    network.login_replies.lock().unwrap().extend(std::iter::repeat_n(no, 2));
    tokio::time::sleep(Duration::from_secs(3350)).await;
    for _ in 0..10 {
        call(&client, SHOW).await.unwrap();
    }
    assert_eq!(network.logins.load(Ordering::SeqCst), 2, "one early try, then a pause");
    tokio::time::sleep(Duration::from_secs(61)).await;
    call(&client, SHOW).await.unwrap();
    assert_eq!(network.logins.load(Ordering::SeqCst), 3);
    tokio::time::sleep(Duration::from_secs(61)).await;
    call(&client, SHOW).await.unwrap();
    let last = network.tokens().pop();
    assert_eq!(last.as_deref(), Some("token-4"));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_not_tried_again_while_the_token_is_good() {
    let network = Network::of([]);
    let client = network.client("changed", password());
    call(&client, SHOW).await.unwrap();
    let wrong =
        Reply::Status(401, &[], r#"{"error":{"code":401,"message":"The username or password is wrong."}}"#);
    network.login_replies.lock().unwrap().extend(std::iter::repeat_n(wrong, 100));
    // A day's token is renewed from 40 minutes before its end on.
    tokio::time::sleep(Duration::from_secs(86_400 - 2_400)).await;
    for _ in 0..38 {
        call(&client, SHOW).await.unwrap();
        tokio::time::sleep(Duration::from_secs(61)).await;
    }
    assert_eq!(network.logins.load(Ordering::SeqCst), 2, "one early try locks nobody");
}

#[tokio::test(start_paused = true)]
async fn an_early_renewal_that_hangs_does_not_fail_the_call() {
    let network = Network::of([]);
    *network.lifetime.lock().unwrap() = 3600;
    let client = network.client("hangs", password());
    call(&client, SHOW).await.unwrap();
    network.login_replies.lock().unwrap().push_back(Reply::Hang);
    tokio::time::sleep(Duration::from_secs(3350)).await;
    let began = Instant::now();
    call_within(&client, SHOW, Duration::from_secs(30)).await.unwrap();
    assert!(began.elapsed() <= Duration::from_secs(11), "{:?}", began.elapsed());
    assert_eq!(network.tokens(), ["token-1", "token-1"]);
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_never_used() {
    let network = Network::of([]);
    *network.lifetime.lock().unwrap() = 100;
    let client = network.client("expired", password());
    call(&client, SHOW).await.unwrap();
    tokio::time::sleep(Duration::from_secs(98)).await;
    call(&client, SHOW).await.unwrap();
    assert_eq!(network.tokens(), ["token-1", "token-2"]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_waits_for_anothers_project_look_up_keeps_to_its_own_limit() {
    let network = Network::of([]);
    *network.login_takes.lock().unwrap() = Duration::from_secs(50);
    let mut client = network.client("look-up", password());
    Arc::get_mut(&mut client).unwrap().config.project_id = None;
    let within = |seconds| client.project_id(client.limits(Some(Duration::from_secs(seconds)), None));
    let began = Instant::now();
    let hasty = async {
        let outcome = within(2).await;
        (outcome, began.elapsed())
    };
    let (patient, (hasty, took)) = tokio::join!(within(60), hasty);
    assert_eq!(&*patient.unwrap(), "p");
    assert!(hasty.unwrap_err().is_timeout());
    assert_eq!(took.as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_closure_is_asked_again_when_its_token_is_refused() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let credentials = Credentials::from_fn(move || {
        let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
        async move { Ok::<_, Error>(Credential::token(Secret::from(format!("closure-{number}")), None)) }
    });
    let network = Network::of([OK, REFUSED]);
    let client = network.client("closure", credentials);
    call(&client, SHOW).await.unwrap();
    call(&client, SHOW).await.unwrap();
    assert_eq!(network.tokens(), ["closure-1", "closure-1", "closure-2"]);
}
