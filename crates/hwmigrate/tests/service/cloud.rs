//! A service that moves servers on by one state every few looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hwmigrate::sms::types::MigrationType;
use hwmigrate::sms::{SpeedPlan, Target, TaskRequest};
use hwmigrate::wait::PollPolicy;
use serde_json::{Value, json};

use super::{Asked, Reply, Server, ok, refused};

pub fn quick() -> PollPolicy {
    PollPolicy::every(Duration::from_millis(10))
}

pub fn minute() -> Duration {
    Duration::from_secs(60)
}

pub fn request(source: &str) -> TaskRequest {
    let target = Target::from_template("tpl-1", "copy", "cn-north-4", "0123456789abcdef0123456789abcdef");
    TaskRequest::new(format!("move_{source}"), MigrationType::MigrateFile, source, target).syncing(true)
}

pub fn limits() -> SpeedPlan {
    SpeedPlan::new().limit("08:00-18:00".parse().unwrap(), "100Mbit/s".parse().unwrap()).unwrap()
}

/// One task of the service.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub name: String,
    pub source: String,
    pub state: &'static str,
    pub limited: bool,
    /// Looks in this state, after which the next one comes.
    pub looks: u32,
    pub starts: u32,
    pub cut_overs: u32,
}

/// A service that moves its tasks on by one state every few looks.
#[derive(Clone, Default)]
pub struct Cloud {
    pub tasks: Arc<Mutex<BTreeMap<String, Kept>>>,
    /// Starts whose limits were not set, and the most tasks that ran at once.
    pub notes: Arc<Mutex<(u32, usize)>>,
    /// What to answer instead, by the beginning of the request's line; the request still takes effect.
    pub lose: Option<&'static str>,
    pub hang: Option<&'static str>,
    /// The source whose task fails, and the one that may not be created.
    pub bad: &'static str,
    pub banned: &'static str,
    pub stuck: bool,
    /// Cut-overs that are refused first.
    pub busy: u32,
}

impl Cloud {
    pub async fn start(self) -> Server {
        Server::start(move |asked| {
            let line = asked.line();
            let reply = self.answer(asked);
            match () {
                () if self.lose.is_some_and(|start| line.starts_with(start)) => Reply::Lost,
                () if self.hang.is_some_and(|start| line.starts_with(start)) => Reply::Silence,
                () => reply,
            }
        })
        .await
    }

    pub fn put(&self, id: &str, source: &str, state: &'static str) {
        let task =
            Kept { name: format!("move_{source}"), source: source.to_owned(), state, ..Kept::default() };
        self.tasks.lock().unwrap().insert(id.to_owned(), task);
    }

    fn answer(&self, asked: &Asked) -> Reply {
        let mut tasks = self.tasks.lock().unwrap();
        let parts: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
        match (asked.method.as_str(), parts.as_slice()) {
            ("POST", ["tasks"]) => {
                assert_eq!(asked.body["auto_start"], json!(false));
                let source = asked.body["source_server"]["id"].as_str().unwrap().to_owned();
                if source == self.banned {
                    return refused("SMS.6603");
                }
                let id = format!("t-{source}");
                let name = asked.body["name"].as_str().unwrap().to_owned();
                tasks.insert(id.clone(), Kept { name, source, state: "READY", ..Kept::default() });
                ok(json!({"id": id}))
            }
            ("GET", ["tasks"]) => {
                let shown: Vec<Value> = tasks.iter().map(|(id, task)| show(id, task)).collect();
                ok(json!({"tasks": shown, "count": shown.len()}))
            }
            ("POST", ["tasks", id, "speed-limit"]) => {
                tasks.get_mut(*id).unwrap().limited = true;
                Reply::Empty
            }
            ("POST", ["tasks", _, "configuration-setting"]) => Reply::Empty,
            ("POST", ["tasks", id, "action"]) => {
                self.act(tasks.get_mut(*id).unwrap(), asked.body["operation"].as_str().unwrap())
            }
            ("GET", ["tasks", id]) => {
                let Some(task) = tasks.get_mut(*id) else { return refused("SMS.7703") };
                let shown = show(id, task);
                self.advance(task);
                let running = tasks.values().filter(|task| task.state == "RUNNING").count();
                let mut notes = self.notes.lock().unwrap();
                notes.1 = notes.1.max(running);
                ok(shown)
            }
            ("GET", ["sources", id]) => ok(json!({"id": id, "replicatesize": 250, "totalsize": 1000})),
            ("GET", ["sources"]) => {
                let servers: Vec<Value> = tasks
                    .iter_mut()
                    .map(|(id, task)| {
                        let shown =
                            json!({"id": task.source, "current_task": {"id": id, "state": task.state}});
                        self.advance(task);
                        shown
                    })
                    .collect();
                let running = tasks.values().filter(|task| task.state == "RUNNING").count();
                let mut notes = self.notes.lock().unwrap();
                notes.1 = notes.1.max(running);
                ok(json!({"source_servers": servers, "count": servers.len()}))
            }
            _ => panic!("unexpected {}", asked.line()),
        }
    }

    fn act(&self, task: &mut Kept, operation: &str) -> Reply {
        task.looks = 0;
        match (operation, task.state) {
            ("start", "READY" | "ABORT" | "MIGRATE_FAIL") => {
                self.notes.lock().unwrap().0 += u32::from(!task.limited);
                (task.state, task.starts) = ("RUNNING", task.starts + 1);
            }
            ("stop", "RUNNING" | "SYNCING") => task.state = "ABORTING",
            ("cutover", "SYNCING") => {
                task.cut_overs += 1;
                if task.cut_overs <= self.busy {
                    return refused("SMS.9999");
                }
                task.state = "RUNNING";
            }
            _ => return refused("SMS.1039"),
        }
        Reply::Empty
    }

    fn advance(&self, task: &mut Kept) {
        task.looks += 1;
        if task.looks < 3 || self.stuck {
            return;
        }
        let next = match task.state {
            "RUNNING" if task.source == self.bad => "MIGRATE_FAIL",
            "RUNNING" if task.cut_overs > 0 => "MIGRATE_SUCCESS",
            "RUNNING" => "SYNCING",
            "ABORTING" => "ABORT",
            _ => return,
        };
        (task.state, task.looks) = (next, 0);
    }
}

pub fn show(id: &str, task: &Kept) -> Value {
    let mut steps = vec![
        json!({"id": 1, "name": "MIGRATE_LINUX_FILE", "progress": 40, "start_date": 1, "user_op": "REPLICATE"}),
    ];
    if matches!(task.state, "SYNCING" | "MIGRATE_SUCCESS") || task.cut_overs > 0 {
        steps[0]["progress"] = json!(100);
        steps[0]["end_date"] = json!(2);
    }
    // A refused cut-over: changes are just being copied.
    if task.cut_overs > 0 && task.state == "SYNCING" {
        steps.push(json!({"id": 2, "name": "SYNC_LINUX_FILE", "progress": 50, "start_date": 3, "user_op": "RESYNC0"}));
    }
    let error = if task.state == "MIGRATE_FAIL" { r#"{"error_code":"SMS.0806"}"# } else { "" };
    json!({
        "id": id, "name": task.name, "state": task.state, "source_server": {"id": task.source}, "sub_tasks": steps,
        "error_json": error, "region_id": "cn-north-4", "start_date": task.starts
    })
}

pub fn acts(server: &Server) -> Vec<String> {
    let shown = |asked: Asked| match asked.body["operation"].as_str() {
        Some(operation) => operation.to_owned(),
        None => asked.path.rsplit('/').next().unwrap().to_owned(),
    };
    server.journal().into_iter().filter(|asked| asked.method == "POST").map(shown).collect()
}
