//! For whom calls to SMS are made: a project or the account, by token and by signature.

#![allow(clippy::unwrap_used)]

mod support;

use hwmigrate::{
    Client, ClientBuilder, Credentials, Environment, ErrorKind, RetryPolicy, Secret, Service, SmsScope,
};
use support::{Asked, Server, Step, answer, json};

/// IAM and SMS at once. Tokens tell their scope by their text.
fn reply(asked: &Asked, _: usize) -> Vec<Step> {
    match asked.path() {
        "/v3/auth/tokens" => {
            let scope = asked.json()["auth"]["scope"].to_string();
            let text: String = scope.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            let token = r#"{"token":{"expires_at":"2099-01-01T00:00:00.000000Z"}}"#;
            answer(201, &[("x-subject-token", &text)], token)
        }
        "/v3/projects" => {
            let name = asked.target.split("name=").nth(1).unwrap_or_default();
            json(&format!(r#"{{"projects":[{{"id":"id-of-{name}","name":"{name}"}}]}}"#))
        }
        "/v3/auth/domains" => json(r#"{"domains":[{"id":"account-1","name":"acc"}]}"#),
        _ => json(r#"{"waiting":1}"#),
    }
}

fn builder(server: &Server) -> ClientBuilder {
    Client::builder()
        .environment(Environment::empty())
        .endpoint(Service::Iam, &server.url)
        .endpoint(Service::Oms, &server.url)
        .endpoint(Service::Sms, &server.url)
        .region("cn-north-4")
        .retry(RetryPolicy::never())
}

fn password() -> Credentials {
    Credentials::password("acc", "user", Secret::from("canary-password"))
}

fn keys() -> Credentials {
    Credentials::access_key(Secret::from("CANARYACCESS"), Secret::from("canary-secret"))
}

/// The client of a region that SMS serves from elsewhere, with the address
/// given by the variable of the serving region.
fn from_afar(server: &Server) -> ClientBuilder {
    Client::builder()
        .environment(Environment::from_pairs([(
            "HUAWEICLOUD_SDK_REGION_SMS_AP_SOUTHEAST_3",
            server.url.as_str(),
        )]))
        .endpoint(Service::Iam, &server.url)
        .endpoint(Service::Oms, &server.url)
        .region("la-north-2")
        .retry(RetryPolicy::never())
}

fn sent(server: &Server, path: &str) -> Vec<Asked> {
    server.asked().into_iter().filter(|asked| asked.path() == path).collect()
}

const OVERVIEW: &str = "/v3/sources/overview";

#[tokio::test]
async fn token_is_for_the_project_by_default_and_shared_with_oms() {
    let server = Server::start(reply).await;
    let client = builder(&server).credentials(password()).project_id("p1").build().unwrap();
    client.sms().servers().overview().await.unwrap();
    client.operation("ListTasks").unwrap().send().await.unwrap();
    assert_eq!(sent(&server, "/v3/auth/tokens").len(), 1);
    let calls = sent(&server, OVERVIEW);
    assert_eq!(calls[0].header("x-auth-token"), Some("projectidp1"));
    assert!(calls[0].header("x-project-id").is_none() && calls[0].header("x-domain-id").is_none());
}

#[tokio::test]
async fn token_for_the_account_is_a_login_of_its_own_once_for_all_callers() {
    let server = Server::start(reply).await;
    let client = builder(&server)
        .credentials(password())
        .project_id("p1")
        .sms_scope(SmsScope::Domain)
        .build()
        .unwrap();
    let (sms, servers) = (client.sms(), client.sms().servers());
    let calls = (0..20).map(|_| servers.overview());
    futures_util::future::try_join_all(calls).await.unwrap();
    sms.servers().overview().await.unwrap();
    client.operation("ListTasks").unwrap().send().await.unwrap();
    let logins = sent(&server, "/v3/auth/tokens");
    assert_eq!(logins.len(), 2);
    assert!(sent(&server, OVERVIEW).iter().all(|call| call.header("x-auth-token") == Some("domainnameacc")));
    assert_eq!(sent(&server, "/v2/p1/tasks")[0].header("x-auth-token"), Some("projectidp1"));
}

#[tokio::test]
async fn signature_names_the_project_or_the_account_and_never_both() {
    let server = Server::start(reply).await;
    let rows =
        [(SmsScope::Project, Some("id-of-cn-north-4"), None), (SmsScope::Domain, None, Some("account-1"))];
    for (scope, project, account) in rows {
        let client = builder(&server).credentials(keys()).sms_scope(scope).build().unwrap();
        for _ in 0..2 {
            client.sms().servers().overview().await.unwrap();
        }
        client.operation("sms.ShowOverview").unwrap().send().await.unwrap();
        for call in sent(&server, OVERVIEW).iter().rev().take(3) {
            assert_eq!(
                (call.header("x-project-id"), call.header("x-domain-id")),
                (project, account),
                "{scope:?}"
            );
            let signed = call.header("authorization").unwrap().split("SignedHeaders=").nth(1).unwrap();
            let header = if project.is_some() { "x-project-id" } else { "x-domain-id" };
            assert!(signed.contains(header), "{signed}");
        }
    }
    assert_eq!(sent(&server, "/v3/projects").len(), 1, "looked up once");
    assert_eq!(sent(&server, "/v3/auth/domains").len(), 1, "looked up once");
    let given =
        builder(&server).credentials(keys()).domain_id("d1").sms_scope(SmsScope::Domain).build().unwrap();
    given.sms().servers().overview().await.unwrap();
    assert_eq!(sent(&server, OVERVIEW).last().unwrap().header("x-domain-id"), Some("d1"));
    assert_eq!(sent(&server, "/v3/auth/domains").len(), 1);
}

#[tokio::test]
async fn region_that_sms_serves_from_elsewhere_speaks_for_the_project_there() {
    let server = Server::start(reply).await;
    let client = from_afar(&server).credentials(password()).build().unwrap();
    client.sms().servers().overview().await.unwrap();
    assert_eq!(
        sent(&server, OVERVIEW)[0].header("x-auth-token"),
        Some("projectnameap-southeast-3"),
        "not for the project of la-north-2"
    );
    let client = from_afar(&server).credentials(keys()).build().unwrap();
    client.sms().servers().overview().await.unwrap();
    assert_eq!(sent(&server, OVERVIEW)[1].header("x-project-id"), Some("id-of-ap-southeast-3"));

    let client = from_afar(&server).credentials(keys()).project_id("p1").build().unwrap();
    client.sms().servers().overview().await.unwrap();
    assert_eq!(sent(&server, OVERVIEW)[2].header("x-project-id"), Some("p1"), "a project that is set counts");
}

#[tokio::test]
async fn given_token_is_used_as_it_is() {
    let server = Server::start(reply).await;
    let client = builder(&server)
        .credentials(Credentials::token(Secret::from("mine"), None))
        .sms_scope(SmsScope::Domain)
        .build()
        .unwrap();
    client.sms().servers().overview().await.unwrap();
    assert_eq!(sent(&server, OVERVIEW)[0].header("x-auth-token"), Some("mine"));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn refused_token_is_renewed_for_the_same_scope() {
    let server = Server::start(|asked, number| match asked.path() {
        OVERVIEW if number == 1 => answer(401, &[], r#"{"error_code":"APIGW.0301","error_msg":"expired"}"#),
        _ => reply(asked, number),
    })
    .await;
    let client = builder(&server).credentials(password()).sms_scope(SmsScope::Domain).build().unwrap();
    client.sms().servers().overview().await.unwrap();
    assert_eq!(sent(&server, "/v3/auth/tokens").len(), 2);
    assert!(sent(&server, OVERVIEW).iter().all(|call| call.header("x-auth-token") == Some("domainnameacc")));
}

#[tokio::test]
async fn refusal_for_the_project_names_the_setting() {
    let server = Server::start(|asked, number| match asked.path() {
        OVERVIEW => answer(403, &[], r#"{"error_code":"SMS.2248","error_msg":"not yours"}"#),
        _ => reply(asked, number),
    })
    .await;
    let client = builder(&server).credentials(password()).build().unwrap();
    let error = client.sms().servers().overview().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.advice().unwrap().contains("sms_scope"), "{:?}", error.advice());
    let client = builder(&server).credentials(password()).sms_scope(SmsScope::Domain).build().unwrap();
    let error = client.sms().servers().overview().await.unwrap_err();
    assert!(!error.advice().unwrap().contains("sms_scope"), "{:?}", error.advice());
}

#[tokio::test]
async fn account_that_cannot_be_told_is_named_as_the_missing_setting() {
    let server = Server::start(|asked, number| match asked.path() {
        "/v3/auth/domains" => json(r#"{"domains":[]}"#),
        _ => reply(asked, number),
    })
    .await;
    let client = builder(&server).credentials(keys()).sms_scope(SmsScope::Domain).build().unwrap();
    let error = client.sms().servers().overview().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.advice().unwrap().contains("domain_id"));
    assert!(sent(&server, OVERVIEW).is_empty());
}
