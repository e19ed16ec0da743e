//! The command: markers by every way in, and its two streams searched for them.

use std::process::{Command, Output};

use hwmigrate_emulator::{Emulator, Fault, FaultKind};
use hwmigrate_tests::process::binary;
use hwmigrate_tests::sandbox::{Sandbox, buckets};
use serde_json::Value;

use crate::{CANARY, assert_clean, requests};

/// The command with nothing of the environment but a login, at its most talkative.
fn command(url: &str) -> Command {
    let mut command = Command::new(binary().unwrap());
    command
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PASSWORD_OF_TESTS", hwmigrate_tests::process::PASSWORD);
    command.args([
        "--log-level",
        "trace",
        "--region",
        "cn-north-4",
        "--iam-endpoint",
        url,
        "--oms-endpoint",
        url,
        "--sms-endpoint",
        url,
    ]);
    command.args(["--auth-domain", "tests-domain", "--auth-user", "tests-user"]);
    command.args(["--auth-password", "env:PASSWORD_OF_TESTS"]);
    command
}

fn searched(what: &str, output: &Output) {
    assert_clean(&format!("{what}: the output"), &String::from_utf8_lossy(&output.stdout));
    assert_clean(&format!("{what}: the error stream"), &String::from_utf8_lossy(&output.stderr));
}

/// Replaces each marker by a reference to an environment variable that holds it.
fn by_reference(json: &mut Value, variables: &mut Vec<(String, String)>) {
    match json {
        Value::String(text) if text.starts_with(CANARY) => {
            let name = format!("CANARY_{}", variables.len());
            variables.push((name.clone(), std::mem::take(text)));
            *text = format!("env:{name}");
        }
        Value::Array(items) => items.iter_mut().for_each(|item| by_reference(item, variables)),
        Value::Object(members) => members.values_mut().for_each(|member| by_reference(member, variables)),
        _ => {}
    }
}

/// Runs in a thread of its own, as the emulator answers meanwhile.
async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test]
async fn no_operation_called_by_the_command_shows_its_secrets() {
    let sandbox = Sandbox::start().await.unwrap();
    hwmigrate_tests::tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (calls, _) = requests::calls();
    let mut ran = 0;
    for call in calls {
        let Some(mut body) = call.body.filter(|body| !body.secrets.is_empty()) else { continue };
        let mut variables = Vec::new();
        by_reference(&mut body.json, &mut variables);
        let input = folder.path().join(format!("{}.json", call.id));
        std::fs::write(&input, body.json.to_string()).unwrap();
        let mut echo = String::new();
        for strike in [false, true] {
            if strike {
                variables.iter().for_each(|(_, marker)| echo.push_str(marker));
                let kind = FaultKind::Status {
                    status: 400,
                    code: "OMS.1010".to_owned(),
                    message: format!("bad {echo}"),
                };
                // The command's own login is not to be struck.
                let logins = u64::from(call.id == "iam.KeystoneCreateToken");
                sandbox.emulator.faults().push(Fault::new(kind).on(&call.id).skip(logins).forever());
            }
            let mut command = command(sandbox.emulator.url());
            command
                .envs(variables.clone())
                .args(["api", &call.id, "--output", "json", "--input"])
                .arg(&input);
            for (name, value) in &call.parameters {
                command.args(["--param", &format!("{name}={value}")]);
            }
            let output = run(command).await;
            searched(&call.id, &output);
            let log = String::from_utf8_lossy(&output.stderr).into_owned();
            let (_, id) = call.id.split_once('.').unwrap();
            let sent = sandbox.calls_of(id) > 0 || sandbox.calls_of("KeystoneCreateToken") > 0;
            assert!(sent, "{} was not even sent: {log}", call.id);
            ran += 1;
        }
        sandbox.emulator.faults().clear();
    }
    assert!(ran > 20, "only {ran} runs");
}

#[tokio::test]
async fn no_way_to_log_in_by_the_command_shows_its_secrets() {
    let secret = |name: &str| format!("{CANARY}-{name}");
    let emulator = Emulator::builder()
        .user("tests-domain", "tests-user", secret("password").into())
        .access_key(&secret("access"), secret("secret").into())
        .start()
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, secret("password")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let file = format!("file:{}", file.display());
    let user = ["--auth-domain", "tests-domain", "--auth-user", "tests-user", "--auth-password"];
    let cases: [(&[&str], bool); 6] = [
        (&[&user[..], &["env:CANARY_PASSWORD"]].concat(), true),
        (&[&user[..], &[&file]].concat(), true),
        (&[&user[..], &["cmd:printenv CANARY_PASSWORD"]].concat(), true),
        (&[&user[..], &["env:CANARY_WRONG"]].concat(), false),
        (&["--auth-access-key", "env:CANARY_ACCESS", "--auth-secret-key", "env:CANARY_SECRET"], true),
        (&["--auth-token", "env:CANARY_WRONG"], false),
    ];
    for (arguments, works) in cases {
        let mut command = Command::new(binary().unwrap());
        command
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for name in ["password", "wrong", "access", "secret"] {
            command.env(format!("CANARY_{}", name.to_uppercase()), secret(name));
        }
        let url = emulator.url();
        command.args(["login", "--log-level", "trace", "--region", "cn-north-4"]);
        command.args(["--iam-endpoint", url, "--oms-endpoint", url]).args(arguments);
        let output = run(command).await;
        searched(&arguments.join(" "), &output);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.success(), works, "{arguments:?}: {text}");
    }
}

#[tokio::test]
async fn emulator_command_shows_none_of_the_secrets_it_is_given() {
    let folders = buckets().unwrap();
    let mut child = Command::new(binary().unwrap())
        .env_clear()
        .env("CANARY_PASSWORD", format!("{CANARY}-password"))
        .env("CANARY_KEY", format!("{CANARY}-key"))
        .args(["emulator", "--log-level", "trace", "--listen", "127.0.0.1:0", "--state"])
        .arg(folders.path().join("state"))
        .args([
            "--user",
            "tests-domain/tests-user=env:CANARY_PASSWORD",
            "--access-key",
            "MADEUPAK=env:CANARY_KEY",
        ])
        .arg("--bucket")
        .arg(format!("source={}", folders.path().join("source").display()))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let login = serde_json::json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": "tests-user", "password": format!("{CANARY}-password"), "domain": {"name": "tests-domain"}}}}}});
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("{}/v3/auth/tokens", ready["url"].as_str().unwrap());
    let answer = reqwest::Client::new().post(url).json(&login).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_clean("the ready line", &line);
    searched("emulator", &output);
    crate::assert_clean_state(&folders.path().join("state"));
}
