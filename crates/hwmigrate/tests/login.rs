//! Logging in, in every way there is, against a scripted IAM.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use hwmigrate::{
    Client, ClientBuilder, Credential, Credentials, Environment, ErrorKind, RetryPolicy, Secret, Service,
};
use serde_json::json as value;
use support::{Asked, Server, Step, answer, json, show};

const TASK: &str = r#"{"id":17}"#;

fn token_body() -> String {
    value!({"token": {
        "expires_at": "2099-01-01T00:00:00.000000Z",
        "methods": ["password"],
        "project": {"id": "p-of-token", "name": "cn-north-4", "domain": {"id": "d-1", "name": "acc"}},
        "user": {"id": "u-1", "name": "migrator", "domain": {"id": "d-1", "name": "acc"}}
    }})
    .to_string()
}

fn projects(rows: &[(&str, &str)]) -> Vec<Step> {
    let rows: Vec<_> =
        rows.iter().map(|(id, name)| value!({"id": id, "name": name, "domain_id": "d-9"})).collect();
    json(&value!({"projects": rows, "links": {"self": "x", "next": null}}).to_string())
}

/// An IAM with one token, and an OMS.
fn cloud(asked: &Asked, _number: usize) -> Vec<Step> {
    match (asked.method.as_str(), asked.path()) {
        ("POST", "/v3/auth/tokens") => answer(201, &[("X-Subject-Token", "canary-issued")], &token_body()),
        ("GET", "/v3/auth/tokens") => answer(200, &[], &token_body()),
        ("GET", "/v3/projects") => projects(&[("p-of-list", "cn-north-4"), ("p-sub", "cn-north-4_sub")]),
        ("GET", "/v3/auth/projects") => projects(&[("p-auth", "cn-north-4")]),
        ("POST", "/v3.0/OS-CREDENTIAL/securitytokens") => answer(
            201,
            &[],
            r#"{"credential":{"access":"CANARYTEMP","secret":"canary-temp","securitytoken":"canary-st","expires_at":"2099-01-01T00:00:00.000000Z"}}"#,
        ),
        _ => json(TASK),
    }
}

fn builder(server: &Server, credentials: Credentials) -> ClientBuilder {
    bare(server).credentials(credentials)
}

/// Without credentials.
fn bare(server: &Server) -> ClientBuilder {
    Client::builder()
        .environment(Environment::empty())
        .endpoint(Service::Iam, &server.url)
        .endpoint(Service::Oms, &server.url)
        .region("cn-north-4")
        .retry(RetryPolicy::never())
}

fn password() -> Credentials {
    Credentials::password("acc", "migrator", Secret::from("canary-password"))
}

fn keys() -> Credentials {
    Credentials::access_key(Secret::from("CANARYACCESS"), Secret::from("canary-secret"))
}

#[tokio::test]
async fn a_password_gives_a_token_for_the_regions_project() {
    let server = Server::start(cloud).await;
    let client = builder(&server, password()).build().unwrap();
    let login = client.login().await.unwrap();
    assert_eq!(login.project_id.as_deref(), Some("p-of-token"));
    assert_eq!((login.domain_id.as_deref(), login.user.as_deref()), (Some("d-1"), Some("migrator")));
    assert_eq!((login.kind, login.expires_at.unwrap().year()), ("password", 2099));
    show(&client).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked.len(), 2, "one login serves both");
    assert_eq!(asked[0].target, "/v3/auth/tokens?nocatalog=true");
    let body = value!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": "migrator", "password": "canary-password", "domain": {"name": "acc"}}}},
        "scope": {"project": {"name": "cn-north-4"}}
    }});
    assert_eq!(asked[0].json(), body);
    assert_eq!(asked[0].header("x-auth-token"), None);
    assert_eq!(
        (asked[1].path(), asked[1].header("x-auth-token")),
        ("/v2/p-of-token/tasks/17", Some("canary-issued"))
    );
}

#[tokio::test]
async fn the_scope_is_the_project_id_or_the_account() {
    let server = Server::start(cloud).await;
    builder(&server, password()).project_id("p-set").build().unwrap().login().await.unwrap();
    builder(&server, password().domain_scope()).build().unwrap().login().await.unwrap();
    let scopes: Vec<_> = server.asked().iter().map(|asked| asked.json()["auth"]["scope"].clone()).collect();
    assert_eq!(scopes, [value!({"project": {"id": "p-set"}}), value!({"domain": {"name": "acc"}})]);
}

#[tokio::test]
async fn a_passcode_is_asked_for_at_each_login() {
    let server = Server::start(cloud).await;
    let passcode = hwmigrate::Passcode::from_fn(|| async { std::io::Result::Ok(Secret::from("123456")) });
    let credentials =
        Credentials::password_totp("acc", "migrator", Secret::from("canary-password"), "u-1", passcode);
    builder(&server, credentials).build().unwrap().login().await.unwrap();
    let identity = server.asked()[0].json()["auth"]["identity"].clone();
    assert_eq!(identity["methods"], value!(["password", "totp"]));
    assert_eq!(identity["totp"], value!({"user": {"id": "u-1", "passcode": "123456"}}));
}

#[tokio::test]
async fn a_token_at_hand_tells_its_project() {
    let server = Server::start(cloud).await;
    let client = builder(&server, Credentials::token(Secret::from("canary-mine"), None)).build().unwrap();
    assert_eq!(client.project_id().await.unwrap(), "p-of-token");
    let login = client.login().await.unwrap();
    assert_eq!((login.kind, login.user.as_deref()), ("token", Some("migrator")));
    let asked = server.asked();
    assert_eq!(asked[0].header("x-subject-token"), Some("canary-mine"));
    assert_eq!(asked[0].header("x-auth-token"), Some("canary-mine"));
}

#[tokio::test]
async fn an_access_key_signs_and_finds_the_project_by_name() {
    let server = Server::start(cloud).await;
    let client = builder(&server, keys()).build().unwrap();
    let login = client.login().await.unwrap();
    assert_eq!((login.project_id.as_deref(), login.kind), (Some("p-of-list"), "access_key"));
    show(&client).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].target, "/v3/projects?name=cn-north-4");
    let last = asked.last().unwrap();
    assert_eq!(last.header("x-project-id"), Some("p-of-list"));
    let signature = last.header("authorization").unwrap();
    assert!(
        signature
            .starts_with("SDK-HMAC-SHA256 Access=CANARYACCESS, SignedHeaders=host;x-project-id;x-sdk-date,")
    );
    assert!(asked.iter().all(|asked| asked.header("x-auth-token").is_none()));
}

#[tokio::test]
async fn a_login_by_access_key_needs_a_list_of_projects() {
    for body in [r#"{"foo":1}"#, r#"{"projects":null}"#, r#"{"error_code":"X","error_msg":"no"}"#] {
        let server = Server::always(json(body)).await;
        let error = builder(&server, keys()).project_id("p").build().unwrap().login().await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Decode, Some("KeystoneListProjects")));
    }
}

#[tokio::test]
async fn a_login_by_access_key_needs_the_project_that_is_set() {
    let server = Server::start(cloud).await;
    let login = async |id: &str| builder(&server, keys()).project_id(id).build().unwrap().login().await;
    assert_eq!(login("p-sub").await.unwrap().project_id.as_deref(), Some("p-sub"));
    let error = login("p-other").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.message().contains("`p-other`") && error.message().contains("p-of-list (cn-north-4)"),
        "{error}"
    );
    assert!(server.asked().iter().all(|asked| asked.target == "/v3/projects"));
}

#[tokio::test]
async fn several_projects_of_one_name_are_listed() {
    let server = Server::start(|asked, _| match asked.path() {
        "/v3/projects" => projects(&[("p-1", "cn-north-4"), ("p-2", "cn-north-4")]),
        _ => json(TASK),
    })
    .await;
    let error = show(&builder(&server, keys()).build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("p-1") && error.to_string().contains("p-2"), "{error}");
    assert!(server.asked().iter().all(|asked| asked.path() == "/v3/projects"));
}

#[tokio::test]
async fn a_temporary_key_sends_its_security_token_signed() {
    let server = Server::start(cloud).await;
    let credentials = Credentials::temporary(
        Secret::from("CANARYACCESS"),
        Secret::from("canary-secret"),
        Secret::from("canary-st"),
    );
    show(&builder(&server, credentials).project_id("p").build().unwrap()).await.unwrap();
    let asked = &server.asked()[0];
    assert_eq!(asked.header("x-security-token"), Some("canary-st"));
    assert!(asked.header("authorization").unwrap().contains("x-sdk-date;x-security-token"));
}

#[tokio::test]
async fn an_agency_over_a_password_gives_a_token() {
    let server = Server::start(cloud).await;
    let credentials = Credentials::agency(password(), "movers", "other-account");
    show(&builder(&server, credentials).build().unwrap()).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].json()["auth"]["scope"], value!({"domain": {"name": "acc"}}));
    let body = value!({"auth": {
        "identity": {"methods": ["assume_role"],
            "assume_role": {"agency_name": "movers", "domain_name": "other-account"}},
        "scope": {"project": {"name": "cn-north-4"}}
    }});
    assert_eq!(asked[1].json(), body);
    assert_eq!(asked[1].header("x-auth-token"), Some("canary-issued"));
}

#[tokio::test]
async fn an_agency_over_an_access_key_gives_a_temporary_key() {
    let server = Server::start(cloud).await;
    let credentials = Credentials::agency(keys(), "movers", "other-account");
    show(&builder(&server, credentials).project_id("p").build().unwrap()).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].path(), "/v3.0/OS-CREDENTIAL/securitytokens");
    assert_eq!(asked[0].json()["auth"]["identity"]["assume_role"]["agency_name"], "movers");
    assert!(asked[0].header("authorization").unwrap().contains("Access=CANARYACCESS"));
    assert!(asked[1].header("authorization").unwrap().contains("Access=CANARYTEMP"));
    assert_eq!(asked[1].header("x-security-token"), Some("canary-st"));
}

#[tokio::test]
async fn a_closure_may_give_tokens_and_keys() {
    let server = Server::start(cloud).await;
    let token = Credentials::from_fn(|| async {
        std::io::Result::Ok(Credential::token(Secret::from("canary-closure"), None))
    });
    show(&builder(&server, token).project_id("p").build().unwrap()).await.unwrap();
    assert_eq!(server.asked()[0].header("x-auth-token"), Some("canary-closure"));
    let failing =
        Credentials::from_fn(|| async { Err::<Credential, _>(std::io::Error::other("vault sealed")) });
    let error = show(&builder(&server, failing).project_id("p").build().unwrap()).await.unwrap_err();
    assert!(error.is_auth() && error.chain().contains("vault sealed"), "{}", error.chain());
}

#[tokio::test]
async fn a_token_as_long_as_documented_fits() {
    let long: String = "M".repeat(16_384);
    let header = long.clone();
    let server = Server::start(move |asked, _| match asked.path() {
        "/v3/auth/tokens" => answer(201, &[("X-Subject-Token", &header)], &token_body()),
        _ => json(TASK),
    })
    .await;
    show(&builder(&server, password()).build().unwrap()).await.unwrap();
    assert_eq!(server.asked()[1].header("x-auth-token"), Some(long.as_str()));
}

#[tokio::test]
async fn a_refused_login_says_what_to_check() {
    let body =
        r#"{"error":{"code":401,"message":"The username or password is wrong.","title":"Unauthorized"}}"#;
    let server = Server::start(move |_, _| answer(401, &[("X-IAM-Trace-Id", "trace-1")], body)).await;
    let error = show(&builder(&server, password()).build().unwrap()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status(), error.request_id()),
        (ErrorKind::Auth, Some(401), Some("trace-1"))
    );
    assert!(error.message().contains("password is wrong"));
    assert!(error.advice().unwrap().contains("HUAWEI ID"));
    assert!(!error.chain().contains("canary"));
    assert_eq!(server.asked().len(), 1, "a wrong password is not repeated");
}

#[tokio::test]
async fn a_login_that_makes_no_sense_is_an_error() {
    for steps in [
        answer(201, &[], &token_body()),
        answer(201, &[("X-Subject-Token", "canary")], "[]"),
        answer(201, &[("X-Subject-Token", "canary")], r#"{"token":7}"#),
        answer(200, &[("X-Subject-Token", "canary")], "<html>"),
    ] {
        let server = Server::always(steps).await;
        let error = show(&builder(&server, password()).build().unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Decode, Some("KeystoneCreateToken")));
        assert!(!error.chain().contains("canary"), "{}", error.chain());
    }
}

#[tokio::test]
async fn the_iam_surface_lists_validates_and_makes_keys() {
    let server = Server::start(cloud).await;
    let iam = builder(&server, password()).build().unwrap().iam();
    assert_eq!(iam.projects().await.unwrap()[0].id, "p-auth");
    let info = iam.validate_token(&Secret::from("canary-other")).await.unwrap();
    assert_eq!((info.project_id.as_deref(), info.domain.as_deref()), (Some("p-of-token"), Some("acc")));
    let key = iam.temporary_access_key(Duration::from_secs(900)).await.unwrap();
    assert_eq!((key.access.expose(), key.security_token.expose()), ("CANARYTEMP", "canary-st"));
    assert!(!format!("{key:?}").to_lowercase().contains("canary"));
    let short = iam.temporary_access_key(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(short.kind(), ErrorKind::Invalid);
    let listed = iam.api().unwrap().keystone_list_auth_projects().await.unwrap();
    assert_eq!(listed.into_inner().projects.unwrap().len(), 1);
    let signed = builder(&server, keys()).build().unwrap().iam();
    assert_eq!(signed.projects().await.unwrap().len(), 2);
    assert_eq!(
        signed.temporary_access_key(Duration::from_secs(900)).await.unwrap_err().kind(),
        ErrorKind::Config
    );
}

#[tokio::test]
async fn callers_who_wait_for_a_project_share_the_failure() {
    let server = Server::start(|_, _| projects(&[])).await;
    let client = builder(&server, keys()).build().unwrap();
    let waiting = (0..20).map(|_| client.project_id());
    let outcomes = futures_util::future::join_all(waiting).await;
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_err_and(|e| e.kind() == ErrorKind::Config)));
    assert_eq!(server.asked().len(), 1, "one look-up for all who waited");
    client.project_id().await.unwrap_err();
    assert_eq!(server.asked().len(), 2, "whoever comes later looks again");
}

/// The metadata service of a server, with tokens or from before they existed.
async fn metadata(with_tokens: bool) -> Server {
    Server::start(move |asked, _| match (asked.method.as_str(), asked.path()) {
        ("PUT", "/meta-data/latest/api/token") if with_tokens => answer(200, &[], "canary-meta\n"),
        ("GET", "/openstack/latest/securitykey") => json(
            r#"{"credential": {"access": "CANARYMETA", "secret": "canary-meta-secret",
                "securitytoken": "canary-session", "expires_at": "2099-01-08T03:50:07.574000Z"}}"#,
        ),
        _ => answer(404, &[], ""),
    })
    .await
}

#[tokio::test]
async fn a_cloud_server_gets_its_keys_from_its_metadata() {
    let cloud = Server::start(cloud).await;
    for with_tokens in [true, false] {
        let local = metadata(with_tokens).await;
        let client = builder(&cloud, Credentials::metadata_at(&local.url)).build().unwrap();
        let login = client.login().await.unwrap();
        assert_eq!((login.kind, login.expires_at.unwrap().year()), ("metadata", 2099));
        let asked = local.asked();
        assert_eq!(asked.len(), 2, "one login serves all");
        assert_eq!(asked[0].header("x-metadata-token-ttl-seconds"), Some("60"));
        assert_eq!(asked[1].header("x-metadata-token"), with_tokens.then_some("canary-meta"));
        let signed = cloud.asked().pop().unwrap();
        assert_eq!(signed.header("x-security-token"), Some("canary-session"));
        assert!(signed.header("authorization").unwrap().contains("Access=CANARYMETA"));
    }
}

#[tokio::test]
async fn keys_from_the_metadata_can_be_a_setting() {
    let cloud = Server::start(cloud).await;
    let local = metadata(true).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(
        &file,
        format!("[profiles.ecs]\nmetadata = true\nmetadata_endpoint = \"{}\"\n", local.url),
    )
    .unwrap();
    let pairs = [("HWMIGRATE_METADATA", "true"), ("HWMIGRATE_METADATA_ENDPOINT", local.url.as_str())];
    let from_environment = bare(&cloud).environment(Environment::from_pairs(pairs)).build().unwrap();
    let from_profile = bare(&cloud).profile_file(&file).build().unwrap();
    for client in [from_environment, from_profile] {
        assert_eq!(client.login().await.unwrap().kind, "metadata");
    }
    assert_eq!(local.asked().len(), 4);
}

#[tokio::test]
async fn a_machine_without_metadata_is_told_what_to_do() {
    let cloud = Server::start(cloud).await;
    let without_agency = Server::start(|_, _| answer(404, &[], "")).await;
    for (address, kind, words) in [
        (without_agency.url.as_str(), ErrorKind::Auth, "an agency"),
        ("http://127.0.0.1:1", ErrorKind::Transport, "cloud server"),
        ("http://203.0.113.1", ErrorKind::Config, "link-local"),
    ] {
        let client = builder(&cloud, Credentials::metadata_at(address)).build().unwrap();
        let error = client.login().await.unwrap_err();
        let text = format!("{} {}", error.chain(), error.advice().unwrap_or_default());
        assert!(error.kind() == kind && text.contains(words), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
    assert!(cloud.asked().is_empty());
}
