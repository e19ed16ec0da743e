//! Every kind of credentials made of markers: handles, logins that work, and logins that do not.

use hwmigrate::{Client, ClientBuilder, Credential, Credentials, Environment, Passcode, Secret, Service};
use hwmigrate_emulator::{Builder, Emulator, Fault, FaultKind};
use hwmigrate_tests::sandbox::client_of;

use crate::log::Log;
use crate::{CANARY, assert_clean, assert_clean_state};

fn marker(name: &str) -> Secret {
    Secret::from(format!("{CANARY}-{name}"))
}

fn account() -> Builder {
    Emulator::builder()
        .project("0215ef11e49d4743be23dd97a1561e91")
        .user("tests-domain", "tests-user", marker("password"))
        .totp_user("tests-domain", "totp-user", marker("password"), Secret::from("MFRGGZDFMZTWQ2LK"))
        .agency("other-domain", "an-agency", "tests-domain")
        .access_key(marker("access").expose(), marker("secret"))
}

fn kinds(emulator: &Emulator) -> Vec<Credentials> {
    let user_id = emulator.user_id("tests-domain", "totp-user").unwrap().to_owned();
    let password = Credentials::password("tests-domain", "tests-user", marker("password"));
    vec![
        password.clone(),
        Credentials::password("tests-domain", "tests-user", marker("wrong")),
        Credentials::password_totp(
            "tests-domain",
            "totp-user",
            marker("password"),
            user_id,
            marker("passcode"),
        ),
        Credentials::token(marker("token"), None),
        Credentials::access_key(marker("access"), marker("secret")),
        Credentials::access_key(marker("access"), marker("wrong")),
        Credentials::access_key(marker("unknown"), marker("secret")),
        Credentials::temporary(marker("access"), marker("secret"), marker("security")),
        Credentials::agency(password, "an-agency", "other-domain"),
        Credentials::from_fn(|| async {
            Ok::<_, hwmigrate::Error>(Credential::token(marker("given"), None))
        }),
    ]
}

fn handles(credentials: &Credentials, builder: &ClientBuilder) -> String {
    let code: Passcode = marker("passcode").into();
    format!("{credentials:?} {credentials:#?} {builder:?} {builder:#?} {code:?}")
}

#[tokio::test]
async fn no_kind_of_credentials_shows_whether_it_works_or_not() {
    let log = Log::start();
    let state = tempfile::tempdir().unwrap();
    let emulator = account().state_dir(state.path()).journal_file(true).start().await.unwrap();
    let strikes =
        [None, Some(FaultKind::BadGateway), Some(FaultKind::TruncatedJson), Some(FaultKind::Unauthorized)];
    let mut worked = 0;
    for credentials in kinds(&emulator) {
        for strike in &strikes {
            if let Some(kind) = strike {
                emulator.faults().push(Fault::new(kind.clone()).times(2));
            }
            let builder = client_of(emulator.url()).credentials(credentials.clone());
            assert_clean("a builder", &handles(&credentials, &builder));
            let client = builder.build().unwrap();
            let (login, list) = (client.login().await, client.oms().tasks().list().all().await);
            worked += usize::from(login.is_ok() && list.is_ok());
            assert_clean(credentials.kind(), &format!("{client:?} {client:#?} {:?}", client.oms()));
            assert_clean(credentials.kind(), &format!("{login:?} {list:?}"));
            for error in [login.err(), list.err()].into_iter().flatten() {
                assert_clean(credentials.kind(), &format!("{error} {} {:?}", error.chain(), error.advice()));
            }
            emulator.faults().clear();
        }
    }
    assert!(worked >= 3, "only {worked} logins worked, so little was tried");
    assert_clean("the emulator", &format!("{emulator:?} {:?}", emulator.journal()));
    assert_clean("the emulator's settings", &format!("{:?}", account()));
    emulator.shutdown().await;
    assert_clean_state(state.path());
    assert_clean("the log", &log.text());
}

#[tokio::test]
async fn token_that_the_service_issued_shows_nowhere_either() {
    let log = Log::start();
    let emulator = account().start().await.unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let body = serde_json::json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": "tests-user", "password": marker("password").expose(), "domain": {"name": "tests-domain"}}}},
        "scope": {"project": {"id": emulator.project_id()}}}});
    let url = format!("{}/v3/auth/tokens", emulator.url());
    let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
    let token = answer.headers()["X-Subject-Token"].to_str().unwrap().to_owned();
    let client = client_of(emulator.url())
        .credentials(Credentials::token(token.clone().into(), None))
        .build()
        .unwrap();
    client.login().await.unwrap();
    client.oms().tasks().list().all().await.unwrap();
    emulator.expire_tokens().unwrap();
    let error = client.oms().tasks().list().all().await.unwrap_err();
    for text in
        [format!("{client:?} {error:?} {}", error.chain()), format!("{:?}", emulator.journal()), log.text()]
    {
        // Enough of it to be of use to a thief, and short enough to survive a cut.
        let at = text.find(&token[..24.min(token.len())]);
        assert!(
            at.is_none(),
            "a token is shown: {}",
            at.map_or("", |at| &text[at..(at + 40).min(text.len())])
        );
    }
}

#[test]
fn settings_from_environment_and_profile_do_not_show_their_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    let text = format!("[default]\nak = {CANARY}-ak\nsk = {CANARY}-sk\nbroken line {CANARY}\n");
    std::fs::write(&file, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let environment = Environment::from_pairs([
        ("HUAWEICLOUD_SDK_AK", format!("{CANARY}-ak")),
        ("HUAWEICLOUD_SDK_SK", format!("{CANARY}-sk")),
        ("HUAWEICLOUD_SDK_SECURITY_TOKEN", format!("{CANARY}-token")),
        ("HW_PASSWORD", format!("{CANARY}-password")),
    ]);
    assert_clean("an environment", &format!("{environment:?} {environment:#?}"));
    let clients = [
        Client::builder().environment(environment.clone()).region("cn-north-4").build(),
        Client::builder().environment(environment).profile_file(&file).build(),
        Client::builder().environment(Environment::empty()).profile_file(&file).region("cn-north-4").build(),
        Client::builder()
            .environment(Environment::empty())
            .credentials(Credentials::access_key(marker("ak"), marker("sk")))
            .endpoint(Service::Oms, format!("http://user:{CANARY}@127.0.0.1:1"))
            .build(),
        Client::builder()
            .environment(Environment::empty())
            .credentials(Credentials::access_key(marker("ak"), marker("sk")))
            .region("cn-north-4")
            .proxy(format!("http://user:{CANARY}@127.0.0.1:1"))
            .build(),
    ];
    for client in clients {
        assert_clean("a client", &format!("{client:?} {client:#?}"));
        if let Err(error) = client {
            assert_clean("an error", &format!("{error} {} {:?}", error.chain(), error.advice()));
        }
    }
}
