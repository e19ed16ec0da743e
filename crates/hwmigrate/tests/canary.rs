//! Not one secret leaves: not in errors, not in debug prints, not in logs of
//! the most talkative level, whatever the server does with what it was sent.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use hwmigrate::{
    Client, Credential, Credentials, Environment, Error, RetryPolicy, Secret, Service, secret_ref,
};
use support::{Asked, Server, Step, answer, create, show};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends everything back that it got, in every place that an error keeps.
fn echo(status: u16) -> impl Fn(&Asked, usize) -> Vec<Step> {
    move |asked, _| {
        let mut all = format!("{} {}", asked.target, asked.body);
        for (name, value) in &asked.headers {
            let _ = write!(all, " {name}={value}");
        }
        let body = serde_json::json!({"error_code": &all, "error_msg": &all, "request_id": &all});
        answer(status, &[], &body.to_string())
    }
}

fn all_credentials() -> Vec<Credentials> {
    let secret = |name: &str| Secret::from(format!("canary-{name}"));
    let password = Credentials::password("acc", "user", secret("password"));
    vec![
        password.clone(),
        Credentials::password_totp("acc", "user", secret("password"), "id", secret("passcode")),
        Credentials::token(secret("token"), None),
        Credentials::access_key(secret("access"), secret("secret")),
        Credentials::temporary(secret("access"), secret("secret"), secret("security")),
        Credentials::agency(password, "agency", "other"),
        Credentials::agency(Credentials::access_key(secret("access"), secret("secret")), "agency", "other"),
        Credentials::from_fn(|| async {
            Ok::<_, Error>(Credential::token(Secret::from("canary-closure"), None))
        }),
    ]
}

#[tokio::test]
async fn no_secret_is_seen_anywhere() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut seen = String::new();
    for status in [200, 302, 400, 401, 403, 429, 502] {
        let server = Server::start(echo(status)).await;
        for credentials in all_credentials() {
            let builder = Client::builder()
                .environment(Environment::from_pairs([("HW_SECRET_KEY", "canary-variable")]))
                .endpoint(Service::Iam, &server.url)
                .endpoint(Service::Oms, &server.url)
                .proxy("http://canary-user:canary-pass@127.0.0.1:1")
                .no_proxy("127.0.0.1")
                .project_id("p1")
                .retry(RetryPolicy::never())
                .call_timeout(std::time::Duration::from_millis(800))
                .credentials(credentials);
            let _ = write!(seen, "{builder:?}");
            let client = builder.build().unwrap();
            let _ =
                write!(seen, "{client:?} {:?} {:#?}", client.iam(), client.operation("ShowTask").unwrap());
            let login = client.login().await;
            let project = client.iam().projects().await;
            for error in [show(&client).await.err(), create(&client).await.err(), login.err(), project.err()]
            {
                let Some(error) = error else { continue };
                let _ = write!(seen, "{error} {error:?} {error:#?} {} {:?}", error.chain(), error.advice());
                let _ = write!(seen, "{:?} {:?} {:?}", error.code(), error.request_id(), error.message());
            }
        }
    }
    let _ = write!(seen, "{:?}", secret_ref::resolve("canary-literal", &Environment::empty()));
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("ShowTask"), "the log was caught");
    for text in [seen, logged] {
        if let Some(at) = text.to_ascii_lowercase().find("canary") {
            let from = text.floor_char_boundary(at.saturating_sub(300));
            let to = text.floor_char_boundary((at + 60).min(text.len()));
            panic!("{}", &text[from..to]);
        }
    }
}

#[test]
fn handles_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Client>();
    shared::<hwmigrate::ClientBuilder>();
    shared::<hwmigrate::iam::Iam>();
    shared::<hwmigrate::oms::Oms>();
    shared::<hwmigrate::RawCall>();
    shared::<hwmigrate::RawResponse>();
    shared::<Credentials>();
    shared::<Credential>();
    shared::<Environment>();
    shared::<Error>();
    shared::<hwmigrate::Login>();
}

#[test]
fn an_error_is_one_pointer() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}
