//! The calls of agents.

use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{Agent, Report, Server, Task};
use super::timeline::{self, Driver};
use super::words::{Cycle, Os, SourceState, Step, TaskState};
use super::world::World;
use super::{Desk, Done, SourceServer, checks, done, effect, refuse, rules, say, say_id};
use crate::error::EmulatorError;
use crate::http::call::ApiError;
use crate::names::name_of;

/// What agents reported about commands; older reports are dropped.
const KEPT_RESULTS: usize = 20;

/// A server as it is when its agent has just registered it.
fn new_server(id: &str, domain: &str, number: u64, facts: Value, project: String, now: i64) -> Server {
    let text = |name: &str| facts.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut server = Server {
        id: id.to_owned(),
        domain: domain.to_owned(),
        number,
        name: text("name"),
        os: Os::of(&text("os_type")).unwrap_or(Os::Linux),
        facts,
        left_out: Vec::new(),
        agent: Agent::Open,
        connected: true,
        state: SourceState::Waiting,
        cycle: Cycle::Setting,
        project,
        added: now,
        state_changed: now,
        cycle_changed: now,
        visited: now,
        results: Vec::new(),
    };
    let (state, cycle) = checked(&server);
    server.enter(state, cycle, now);
    server
}

/// State and stage after the environment check of a server without a task.
fn checked(server: &Server) -> (SourceState, Cycle) {
    match checks::passed(server) {
        true => (SourceState::Waiting, Cycle::Setting),
        false => (SourceState::Unavailable, Cycle::Checking),
    }
}

/// Registers a server that the emulator has from its start, unless it is known.
pub(super) fn install(
    world: &mut World,
    source: &SourceServer,
    number: u64,
    domain: &str,
    region: &str,
    now: i64,
) -> Result<(), EmulatorError> {
    let length = source.name.chars().count();
    if !(1..=64).contains(&length) {
        return Err(EmulatorError::Config(format!(
            "a source server cannot have a name of {length} characters: use 1 to 64"
        )));
    }
    let id = name_of("source server", &(domain, &source.name));
    if world.servers.get(&id).is_none() {
        let project = world.default_project(domain, region);
        let place = world.new_number();
        let mut server = new_server(&id, domain, place, source.facts(number), project, now);
        server.agent = Agent::Simulated;
        world.servers.insert(&id, server);
    }
    Ok(())
}

#[derive(Deserialize)]
struct Progress {
    subtask_name: String,
    progress: u8,
    replicatesize: u64,
    totalsize: u64,
    process_trace: String,
    migrate_speed: Option<f64>,
    remain_time: Option<i64>,
}

/// What a report says about the host.
const USAGE: [&str; 7] = [
    "total_cpu_usage",
    "agent_cpu_usage",
    "total_mem_usage",
    "agent_mem_usage",
    "total_disk_io",
    "agent_disk_io",
    "compress_rate",
];

impl Desk<'_> {
    pub(super) fn register_server(&mut self) -> Done {
        let text = |name: &str| self.call.text(name);
        if text("ip").is_empty() && text("ipv6").is_empty() {
            return Err(refuse::invalid("The source server needs an ip or an ipv6."));
        }
        let facts = self.listed_body();
        let mac = facts.pointer("/networks/0/mac").and_then(Value::as_str).unwrap_or_default().to_owned();
        if mac.is_empty() {
            return Err(refuse::invalid("networks[0].mac is required: the first NIC must have one."));
        }
        let same = |server: &&Server| {
            let known = server.fact("networks").pointer("/0/mac").and_then(Value::as_str);
            server.domain == self.domain && (server.id == text("id") || known == Some(mac.as_str()))
        };
        let known = self.world.servers.values().find(same).map(|server| server.id.clone());
        if let Some(id) = known {
            self.register_again(&id, facts);
            return say_id(&id);
        }
        let project = self.world.default_project(self.domain, &self.sms.region);
        let (id, number) = (self.world.new_name(), self.world.new_number());
        let server = new_server(&id, self.domain, number, facts, project, self.now);
        self.world.servers.insert(&id, server);
        say_id(&id)
    }

    /// An agent that was restarted reports its facts again.
    fn register_again(&mut self, id: &str, facts: Value) {
        let busy = self.world.task_of(id).is_some();
        let Some(server) = self.world.servers.change(id) else { return };
        server.facts = facts;
        if let Agent::Client { seen } = &mut server.agent {
            *seen = self.now;
        }
        if !busy {
            let (state, cycle) = checked(server);
            server.enter(state, cycle, self.now);
        }
    }

    /// The server in the path, as its agent asks for it.
    fn agents_server(&mut self, parameter: &str) -> Result<&mut Server, ApiError> {
        let id = self.server(parameter)?.id.clone();
        self.world.servers.change(&id).ok_or_else(refuse::no_server)
    }

    /// From now on a client does the work of this server's agent, unless the emulator was told to.
    fn hear_from(&mut self, id: &str) {
        if self.world.servers.get(id).is_none_or(|server| server.agent == Agent::Simulated) {
            return;
        }
        if let Some(server) = self.world.servers.change(id) {
            if !server.connected {
                server.visited = self.now;
            }
            server.connected = true;
            server.agent = Agent::Client { seen: self.now };
        }
    }

    pub(super) fn update_copy_state(&mut self) -> Done {
        let (state, cycle) = (self.call.text("copystate"), self.call.text("migrationcycle"));
        let state = SourceState::of(if state == "init" { "initialize" } else { state });
        let cycle = Cycle::of(cycle);
        let now = self.now;
        let server = self.agents_server("source_id")?;
        if let (Some(state), Some(cycle), true) = (state, cycle, rules::listens(server)) {
            server.enter(state, cycle, now);
        }
        done()
    }

    pub(super) fn update_disk_info(&mut self) -> Done {
        let body = self.listed_body();
        let server = self.agents_server("source_id")?;
        for (from, to) in
            [("disks", "disks"), ("volumegroups", "volume_groups"), ("btrfs_list", "btrfs_list")]
        {
            if let (Some(value), Some(facts)) = (body.get(from), server.facts.as_object_mut()) {
                facts.insert(to.to_owned(), value.clone());
            }
        }
        done()
    }

    pub(super) fn show_command(&mut self) -> Done {
        let id = self.server("server_id")?.id.clone();
        self.hear_from(&id);
        let (name, param) = match self.world.task_of(&id) {
            None => ("TASK_NOT_STARTED", json!({})),
            Some(task) => command(task),
        };
        say(json!({ "command_name": name, "command_param": param }))
    }

    pub(super) fn update_command_result(&mut self) -> Done {
        let id = self.server("server_id")?.id.clone();
        self.hear_from(&id);
        let (name, result) = (self.call.text("command_name"), self.call.text("result"));
        let issued = self.world.task_of(&id).map(|task| (task.id.clone(), command(task).0));
        // Commands of older agents and those about logs come by other ways than the command call.
        let known = matches!(name, "DELETE" | "SYNC" | "UPLOAD_LOG" | "RSET_LOG_ACL");
        if !known && issued.as_ref().is_none_or(|(_, issued)| *issued != name) {
            return Err(ApiError::new(
                400,
                "SMS.2009",
                "The reported command is not the one that was issued.",
            ));
        }
        if let (Some((task, _)), "START", "fail", Driver::Client) = (issued, name, result, self.driver(&id)) {
            self.world.with_task(&task, self.now, |task, _| {
                if task.works() {
                    timeline::fail(task, r#"{"error_code":"SMS.0007","error_param":"[]"}"#.to_owned());
                }
            });
            self.world.changed(&task);
        }
        // The detail is free text of the agent, which could hold anything; it is not kept.
        let entry = json!({ "command_name": name, "result": result });
        if let Some(server) = self.world.servers.change(&id) {
            server.results.push(entry);
            let surplus = server.results.len().saturating_sub(KEPT_RESULTS);
            server.results.drain(..surplus);
        }
        done()
    }

    fn driver(&self, server: &str) -> Driver {
        let server = self.world.servers.get(server);
        server.map_or(Driver::Lost, |server| server.driver(!server.connected, self.now))
    }

    pub(super) fn update_task_speed(&mut self) -> Done {
        let task = self.task()?;
        let (id, source) = (task.id.clone(), task.source.clone());
        let body = Progress::deserialize(&self.call.body)
            .map_err(|_| refuse::invalid("The report cannot be read."))?;
        self.hear_from(&source);
        let speed = body.migrate_speed.unwrap_or(0.0);
        let usage: Value = USAGE
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.call.body.get(*name)?.clone())))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let now = self.now;
        let step = Step::of(&body.subtask_name);
        self.world.with_task(&id, now, |task, stage| {
            task.usage = usage;
            let Some(step) = step.filter(|_| stage.driver == Driver::Client) else { return };
            let report = Report {
                percent: body.progress,
                speed,
                trace: body.process_trace.chars().take(2_048).collect(),
                remaining: body.remain_time,
            };
            timeline::report(task, stage, step, (body.replicatesize, body.totalsize), report);
            if task.works() && rules::overspeed(task, speed, now) {
                effect::apply(task, stage, super::machine::Effect::Abort, &effect::Wishes::default(), now);
            }
        });
        self.world.changed(&id);
        done()
    }

    pub(super) fn update_network_check_info(&mut self) -> Done {
        let id = self.task()?.id.clone();
        let info = self.listed_body();
        if let Some(task) = self.world.tasks.change(&id) {
            task.network = info;
            task.due.network = None;
        }
        say(json!({ "task_id": id }))
    }
}

/// The command that the state of a task stands for.
fn command(task: &Task) -> (&'static str, Value) {
    let name = match task.state {
        TaskState::Ready if task.due.drill.is_some() => "PREMIGRATE",
        TaskState::Ready => "TASK_NOT_STARTED",
        TaskState::Running | TaskState::Syncing => "START",
        TaskState::Skipping => "SKIP",
        TaskState::Aborting => "STOP",
        TaskState::MigrateSuccess | TaskState::SyncSuccess => "TASK_HAS_FINISHED",
        TaskState::MigrateFail
        | TaskState::SyncFail
        | TaskState::Abort
        | TaskState::Deleting
        | TaskState::Reseting
        | TaskState::SyncFRollbacking
        | TaskState::SyncFRollbackSuccess => "TASK_HAS_STOPPED",
    };
    let mut param = json!({ "task_id": task.id });
    if let Some(bucket) = &task.log.bucket {
        param["bucket"] = json!(bucket);
    }
    (name, param)
}
