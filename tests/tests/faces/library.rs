//! The Rust library as a face.

use std::fmt::Debug;
use std::time::Duration;

use hwmigrate::progress::{Progress, Resource};
use hwmigrate::sms::{Action, Goal};
use hwmigrate::wait::{Outcome, Until};
use hwmigrate::{Client, Error, Secret};
use hwmigrate_tests::process::USER;
use hwmigrate_tests::sandbox::{client_of, quickly};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cases::{Answer, Settings};

pub(crate) struct Library {
    client: Client,
}

impl Library {
    pub(crate) fn new(settings: &Settings) -> Self {
        let password = Secret::from(settings.password.as_str());
        let credentials = hwmigrate::Credentials::password(USER.0, USER.1, password);
        Self { client: client_of(&settings.url).credentials(credentials).build().unwrap() }
    }

    pub(crate) async fn step(&self, words: &[&str]) -> Answer {
        self.ask(words).await.map_err(|error| facts(&error))
    }

    async fn ask(&self, words: &[&str]) -> Result<Value, Error> {
        let (oms, sms) = (self.client.oms(), self.client.sms());
        let (tasks, groups, syncs, moves) = (oms.tasks(), oms.groups(), oms.sync_tasks(), sms.tasks());
        Ok(match *words {
            ["project"] => json!({"project_id": self.client.project_id().await?}),
            ["create_task", body] => json!({"id": tasks.create(&read(body)).await?.id}),
            ["create_task_once", body] => made(tasks.create_once(&read(body)).await?),
            ["show_task", id] => json!(&*tasks.show(number(id)).await?),
            ["list_tasks", status] => {
                let found = tasks.list().status(read(status)).all().await?;
                json!({"ids": found.iter().map(|task| task.id).collect::<Vec<_>>()})
            }
            ["start_task", id, body] => json!(tasks.start(number(id), &read(body)).await?),
            ["stop_task", id] => json!(tasks.stop(number(id)).await?),
            ["delete_task", id] => json!(tasks.delete(number(id)).await?),
            ["wait_task", id, limit] => {
                end(tasks.wait(number(id)).poll(quickly()).deadline(span(limit)).wait().await?)
            }
            ["wait_task_started", id, limit] => {
                let wait = tasks.wait(number(id)).until(Until::Started).poll(quickly());
                end(wait.deadline(span(limit)).wait().await?)
            }
            ["create_group_once", body] => made(groups.create_once(&read(body)).await?),
            ["wait_group", id, limit] => {
                end(groups.wait(id).poll(quickly()).deadline(span(limit)).wait().await?)
            }
            ["delete_group", id] => json!(groups.delete(id).await?),
            ["create_sync_once", body] => made(syncs.create_once(&read(body)).await?),
            ["sync_events", id, key] => json!(syncs.events(id, [key]).await?),
            ["stop_sync", id] => json!(syncs.stop(id).await?),
            ["list_servers"] => {
                let found = sms.servers().list().all().await?;
                found.iter().map(|server| json!({"id": server.id, "name": server.name})).collect()
            }
            ["create_server_task_once", body] => made(moves.create_once(&read(body)).await?),
            ["act", id, action] => {
                json!(moves.action(id, read::<Action>(&format!("{action:?}"))).send().await?)
            }
            ["wait_server_task", id, goal, limit] => {
                let goal = Goal::ALL.into_iter().find(|known| known.as_str() == goal).expect("a goal");
                end(moves.wait_until(id, goal).poll(quickly()).deadline(span(limit)).wait().await?)
            }
            ["delete_server_task", id] => json!(moves.delete(id).await?),
            ["call", operation, ref parameters @ ..] => {
                let mut call = self.client.operation(operation)?;
                for (name, value) in parameters.iter().filter_map(|word| word.split_once('=')) {
                    call = call.parameter(name, value);
                }
                call.send().await?.body.unwrap_or_default()
            }
            _ => panic!("the library does not know {words:?}"),
        })
    }
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn number(id: &str) -> i64 {
    id.parse().expect("an id")
}

fn span(milliseconds: &str) -> Duration {
    Duration::from_millis(milliseconds.parse().expect("milliseconds"))
}

fn made<Id: serde::Serialize + Debug>(created: hwmigrate::oms::Created<Id>) -> Value {
    json!({"id": created.id, "adopted": created.adopted})
}

/// How a wait ended.
fn end(outcome: Outcome) -> Value {
    let word = match &outcome {
        Outcome::Paused(_) => "paused",
        Outcome::Overtaken(_) => "overtaken",
        _ => "done",
    };
    let mut shown = seen(outcome.progress());
    shown["end"] = json!(word);
    shown
}

fn seen(progress: &Progress) -> Value {
    let phases: Vec<_> = progress.phases.iter().map(|phase| &phase.name).collect();
    let mut shown = json!({"state": progress.state.as_str(), "phases": phases});
    if progress.resource != Resource::ServerTask {
        shown["objects_done"] = json!(progress.objects.done);
        shown["objects_failed"] = json!(progress.objects.failed);
        shown["bytes_done"] = json!(progress.bytes.done);
    }
    shown
}

fn facts(error: &Error) -> Value {
    json!({
        "kind": format!("{:?}", error.kind()),
        "status": error.status(),
        "code": error.code(),
        "operation": error.operation(),
        "retryable": error.is_retryable(),
        "job_state": error.job().map(|job| &job.state),
        "objects_done": error.job().map(|job| job.objects_done),
        "objects_failed": error.job().map(|job| job.objects_failed),
    })
}
