//! `emulator`: the offline stand-in as a program of its own.

use hwmigrate_emulator::{Builder, Emulator, S3Bucket, SourceServer};
use serde_json::{Value, json};

use crate::args::{Global, Serve};
use crate::failure::{Failure, Result};
use crate::interrupt::Interrupts;
use crate::output::Output;

/// Serves until someone asks it to end.
pub(crate) async fn run(serve: &Serve, global: &Global, output: &Output) -> Result<()> {
    let mut stop = Interrupts::listen()?;
    let emulator = set_up(serve, global)?.start().await?;
    output.line(&json!({
        "url": emulator.url(),
        "pid": std::process::id(),
        "project_id": emulator.project_id(),
        "user_ids": user_ids(serve, &emulator),
    }))?;
    output.note("the emulator is ready; end it with Ctrl-C or SIGTERM");
    stop.next().await;
    emulator.shutdown().await;
    Ok(())
}

/// The ids of those who log in with a passcode, which a login asks for.
fn user_ids(serve: &Serve, emulator: &Emulator) -> Value {
    let ids = serve.totp.iter().filter_map(|totp| {
        let (domain, name) = totp.name.split_once('/')?;
        Some((totp.name.clone(), emulator.user_id(domain, name)?.into()))
    });
    Value::Object(ids.collect())
}

fn set_up(serve: &Serve, global: &Global) -> Result<Builder> {
    let mut builder = Emulator::builder().listen(serve.listen);
    if let Some(state) = &serve.state {
        builder = builder.state_dir(state);
    }
    for (name, dir) in &serve.bucket {
        builder = builder.bucket(name, dir);
    }
    for bucket in &serve.s3_bucket {
        let what = format!("--s3-bucket {}", bucket.name);
        builder = builder.s3_bucket(
            &bucket.name,
            S3Bucket {
                endpoint: bucket.endpoint.clone(),
                region: bucket.region.clone(),
                bucket: bucket.bucket.clone(),
                access_key: bucket.access_key.resolve(&format!("{what} access-key"))?,
                secret_key: bucket.secret_key.resolve(&format!("{what} secret-key"))?,
            },
        );
    }
    for server in &serve.source_server {
        let mut found = SourceServer::new(&server.name);
        if server.windows {
            found = found.windows();
        }
        if let Some(bytes) = server.used {
            found = found.used_bytes(bytes);
        }
        builder = builder.source_server(found);
    }
    builder = builder.sms_pace(serve.sms_step.0, serve.sms_rate);
    if let Some(project) = &global.connection.project_id {
        builder = builder.project(project);
    }
    if let Some(region) = &global.connection.region {
        builder = builder.region(region);
    }
    builder = builder
        .object_lists(!serve.no_object_lists)
        .fetch_remote_urls(serve.fetch_remote_urls)
        .journal_file(serve.journal);
    if let Some(stray) = serve.totp.iter().find(|one| serve.user.iter().all(|user| user.name != one.name)) {
        if stray.name.is_empty() {
            return Err(
                Failure::usage("--totp lacks a domain or a name").help("write it as DOMAIN/USER=env:NAME")
            );
        }
        return Err(Failure::usage(format!("--totp names {}, who is no user", stray.name))
            .help(format!("add --user {}=env:NAME", stray.name)));
    }
    for user in &serve.user {
        let (domain, name) = user
            .name
            .split_once('/')
            .filter(|(domain, name)| !domain.is_empty() && !name.is_empty())
            .ok_or_else(|| {
                Failure::usage("--user lacks a domain or a name").help("write it as DOMAIN/USER=env:NAME")
            })?;
        let password = user.secret.resolve(&format!("--user {}", user.name))?;
        let totp = serve.totp.iter().find(|one| one.name == user.name);
        builder = match totp {
            Some(totp) => {
                let key = totp.secret.resolve(&format!("--totp {}", totp.name))?;
                builder.totp_user(domain, name, password, key)
            }
            None => builder.user(domain, name, password),
        };
    }
    for (domain, name, trusted) in &serve.agency {
        builder = builder.agency(domain, name, trusted);
    }
    for key in &serve.access_key {
        if key.name.is_empty() {
            return Err(Failure::usage("--access-key lacks the key's id").help("write it as AK=env:NAME"));
        }
        builder = builder.access_key(&key.name, key.secret.resolve("--access-key")?);
    }
    if let Some(seed) = serve.seed {
        builder = builder.seed(seed);
    }
    Ok(builder)
}
