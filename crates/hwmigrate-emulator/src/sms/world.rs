//! Everything the service knows, and how it comes up to date.

use std::cell::Cell;

use super::kept::{Kept, PREFIX};
use super::model::{Counters, Project, Server, Task, Template};
use super::outlook;
use super::pace::Pace;
use super::timeline::{self, Driver, Stage};
use super::words::{Cycle, SourceState};
use crate::error::EmulatorError;
use crate::fault::FaultBook;
use crate::names::name_of;
use crate::state::{Changes, Values};

/// The id that the first sub-task has.
const FIRST_SUB_TASK: i64 = 3_514;

/// Everything the service knows, of all accounts.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) servers: Kept<Server>,
    pub(crate) tasks: Kept<Task>,
    pub(crate) templates: Kept<Template>,
    pub(crate) projects: Kept<Project>,
    /// The accounts that agreed to the privacy statement, and when; ms.
    pub(crate) privacy: Kept<i64>,
    counters: Counters,
    written: Option<Counters>,
    seed: u64,
    pace: Pace,
    book: FaultBook,
}

impl World {
    /// Rebuilds what was kept.
    pub(super) fn restore(
        values: &Values,
        seed: u64,
        pace: Pace,
        book: FaultBook,
    ) -> Result<Self, EmulatorError> {
        let mut world = Self {
            servers: Kept::new("server"),
            tasks: Kept::new("task"),
            templates: Kept::new("template"),
            projects: Kept::new("project"),
            privacy: Kept::new("privacy"),
            counters: Counters::default(),
            written: None,
            seed,
            pace,
            book,
        };
        for (name, value) in values.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
            world.servers.restore(name, value)?;
            world.tasks.restore(name, value)?;
            world.templates.restore(name, value)?;
            world.projects.restore(name, value)?;
            world.privacy.restore(name, value)?;
            if name == "sms/counters" {
                world.counters = serde_json::from_value(value.clone()).unwrap_or_default();
            }
        }
        Ok(world)
    }

    /// What has changed since the last call, if anything has.
    pub(super) fn changes(&mut self) -> Option<Changes> {
        let mut changes = Changes::default();
        let any = [
            self.servers.collect(&mut changes),
            self.tasks.collect(&mut changes),
            self.templates.collect(&mut changes),
            self.projects.collect(&mut changes),
            self.privacy.collect(&mut changes),
        ];
        if self.written.is_none_or(|written| written.number != self.counters.number) {
            changes.put("sms/counters", &self.counters);
            self.written = Some(self.counters);
            return Some(changes);
        }
        any.contains(&true).then_some(changes)
    }

    /// An id for something new.
    pub(crate) fn new_name(&mut self) -> String {
        new_name(self.seed, Cell::from_mut(&mut self.counters))
    }

    /// The place of something new in the order of creation.
    pub(crate) fn new_number(&mut self) -> u64 {
        self.counters.number += 1;
        self.counters.number
    }

    /// Does something with a task, knowing all that its work depends on.
    pub(crate) fn with_task<T>(
        &mut self,
        id: &str,
        now: i64,
        act: impl FnOnce(&mut Task, &mut Stage<'_>) -> T,
    ) -> Option<T> {
        let Self { tasks, servers, counters, seed, pace, book, .. } = self;
        let task = tasks.touch(id)?;
        let server = servers.get(&task.source);
        let name = server.map_or("", |server| server.name.as_str()).to_owned();
        let counters = Cell::from_mut(counters);
        let mut stage = Stage {
            pace: *pace,
            driver: server.map_or(Driver::Lost, |server| server.driver(book.agent_is_lost(&name), now)),
            bytes: server.map_or(0, Server::bytes),
            doom: &|step| book.sub_task_failure(step.word(), &name),
            new_id: &mut || {
                let mut counted = counters.get();
                let id = book.big_id().unwrap_or_else(|| {
                    counted.sub_task = (counted.sub_task + 1).max(FIRST_SUB_TASK);
                    counted.sub_task
                });
                counted.number += 1;
                counters.set(counted);
                id
            },
            new_name: &mut || new_name(*seed, counters),
        };
        Some(act(task, &mut stage))
    }

    /// Brings a task and its source server up to date.
    pub(crate) fn settle(&mut self, id: &str, now: i64) {
        if self.with_task(id, now, |task, stage| timeline::settle(task, stage, now)) == Some(true) {
            self.changed(id);
        }
    }

    /// Brings everything of an account up to date.
    pub(crate) fn settle_all(&mut self, domain: &str, now: i64) {
        let ids: Vec<_> =
            self.tasks.values().filter(|task| task.domain == domain).map(|task| task.id.clone()).collect();
        for id in ids {
            self.settle(&id, now);
        }
        let mut turned = Vec::new();
        for server in self.servers.values().filter(|server| server.domain == domain) {
            let connected = self.is_connected(server, now);
            if connected != server.connected {
                turned.push((server.id.clone(), connected));
            }
        }
        for (id, connected) in turned {
            if let Some(server) = self.servers.change(&id) {
                server.connected = connected;
                server.visited = now;
            }
        }
    }

    /// Whether the agent of a server is connected.
    pub(crate) fn is_connected(&self, server: &Server, now: i64) -> bool {
        server.driver(self.book.agent_is_lost(&server.name), now) != Driver::Lost
    }

    /// Has a task written whose state has changed, and makes its source server follow.
    pub(crate) fn changed(&mut self, id: &str) {
        self.tasks.mark(id);
        let Some(task) = self.tasks.get(id) else { return };
        let (state, cycle) = outlook::mirror(task);
        let (source, at, gone) = (task.source.clone(), task.at, task.gone);
        if gone {
            self.tasks.remove(id);
        }
        let Some(server) = self.servers.change(&source) else { return };
        if gone {
            server.enter(SourceState::Waiting, Cycle::Setting, at);
        } else {
            server.enter(state, cycle, at);
        }
    }

    /// The task of a source server.
    pub(crate) fn task_of(&self, server: &str) -> Option<&Task> {
        self.tasks.values().find(|task| task.source == server)
    }

    /// The id of the default project of an account, which every account has.
    pub(crate) fn default_project(&mut self, domain: &str, region: &str) -> String {
        let default = self.projects.values().find(|project| project.domain == domain && project.is_default);
        if let Some(project) = default {
            return project.id.clone();
        }
        let id = name_of("default project", domain);
        let project = Project {
            id: id.clone(),
            domain: domain.to_owned(),
            number: 0,
            is_default: true,
            spec: serde_json::json!({
                "name": "default", "description": "", "region": region, "type": "MIGRATE_FILE",
                "start_target_server": true, "speed_limit": 0, "use_public_ip": true, "exist_server": true,
                "enterprise_project": "default", "syncing": false, "start_network_check": false,
            }),
        };
        self.projects.insert(&id, project);
        id
    }
}

fn new_name(seed: u64, counters: &Cell<Counters>) -> String {
    let mut counted = counters.get();
    counted.number += 1;
    counters.set(counted);
    name_of("name", &(seed, counted.number))
}
