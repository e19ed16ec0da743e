//! The calls about source servers.

use serde_json::{Value, json};

use super::model::Server;
use super::words::{Cycle, SourceState};
use super::{Desk, Done, done, refuse, rules, say, views};
use crate::http::call::ApiError;

const PAGE: usize = 200;
const ERROR_PAGE: usize = 50;
/// All resources are in the default enterprise project.
const ENTERPRISE: &str = "0";

impl Desk<'_> {
    /// The server that a parameter of the path names, if it is the caller's.
    pub(super) fn server(&self, parameter: &str) -> Result<&Server, ApiError> {
        let server = self.world.servers.get(self.call.name(parameter));
        server.filter(|server| server.domain == self.domain).ok_or_else(refuse::no_server)
    }

    /// The servers of the caller, the newest first.
    fn servers(&self) -> Vec<&Server> {
        let mut servers: Vec<_> =
            self.world.servers.values().filter(|server| server.domain == self.domain).collect();
        servers.sort_by_key(|server| std::cmp::Reverse(server.number));
        servers
    }

    /// The connection filter, paging aside: whether a server is one that the call asks for.
    fn is_asked_for(&self, server: &Server) -> bool {
        let asked = |name: &str| self.call.query(name).filter(|text| !text.is_empty());
        let fact = |name: &str| server.fact(name).as_str().unwrap_or_default();
        let task = self.world.task_of(&server.id);
        let flag = |name: &str, value: bool| asked(name).is_none_or(|text| (text == "true") == value);
        // `ip` wins when both addresses are given.
        let address = match (asked("ip"), asked("ipv6")) {
            (Some(ip), _) => fact("ip") == ip,
            (None, Some(ipv6)) => fact("ipv6") == ipv6,
            (None, None) => true,
        };
        address
            && asked("state").is_none_or(|state| server.state.word() == state)
            && asked("name").is_none_or(|part| server.name.contains(part))
            && asked("id").is_none_or(|id| server.id == id)
            && asked("migproject").is_none_or(|project| server.project == project)
            && asked("migration_cycle").is_none_or(|cycle| server.cycle.word() == cycle)
            && asked("enterprise_project_id").is_none_or(|id| id == ENTERPRISE || id == "all_granted_eps")
            && asked("vm_id").is_none_or(|id| {
                task.and_then(|task| task.clone.as_ref()).is_some_and(|clone| clone.vm_id == id)
            })
            && flag("connected", server.connected)
            && flag("is_consistency_result_exist", task.is_some_and(|task| !task.checks.is_empty()))
    }

    pub(super) fn list_servers(&mut self) -> Done {
        let asked = self.servers().into_iter().filter(|server| self.is_asked_for(server)).collect();
        let (servers, count) = self.page(asked, PAGE);
        let ids: Vec<_> = servers.into_iter().map(|server| server.id.clone()).collect();
        let rows: Vec<_> = ids.iter().filter_map(|id| views::server(self, id, views::In::List)).collect();
        say(json!({ "count": count, "source_servers": rows }))
    }

    pub(super) fn show_server(&mut self) -> Done {
        let id = self.server("source_id")?.id.clone();
        views::server(self, &id, views::In::Show).map_or_else(|| Err(refuse::no_server()), say)
    }

    pub(super) fn update_server_name(&mut self) -> Done {
        let id = self.server("source_id")?.id.clone();
        let configured = self.world.task_of(&id).is_some();
        let project = self.call.text("migprojectid").to_owned();
        if !project.is_empty() {
            self.project_of_caller(&project)?;
        }
        let name = self.call.text("name").to_owned();
        let disks = self.call.body.get("disks").and_then(Value::as_array).cloned();
        let Some(server) = self.world.servers.change(&id) else { return Err(refuse::no_server()) };
        if !name.is_empty() {
            server.name = name;
        }
        if !project.is_empty() {
            server.project = project;
        }
        // The choice of disks counts only until the target is configured.
        for disk in disks.into_iter().flatten().filter(|_| !configured) {
            let Some(id) = disk.get("id").and_then(Value::as_str) else { continue };
            server.left_out.retain(|left_out| left_out != id);
            if disk.get("need_migration") == Some(&Value::Bool(false)) {
                server.left_out.push(id.to_owned());
            }
        }
        done()
    }

    pub(super) fn delete_server(&mut self) -> Done {
        let id = self.server("source_id")?.id.clone();
        self.delete_all_servers(&[id])
    }

    pub(super) fn delete_servers(&mut self) -> Done {
        self.delete_all_servers(&self.ids())
    }

    /// Deletes all of them with their tasks, or none if one cannot be deleted.
    fn delete_all_servers(&mut self, ids: &[String]) -> Done {
        for id in ids {
            let server = self.world.servers.get(id).filter(|server| server.domain == self.domain);
            rules::may_delete(Some(server.ok_or_else(refuse::no_server)?))?;
        }
        for id in ids {
            if let Some(task) = self.world.task_of(id).map(|task| task.id.clone()) {
                self.world.tasks.remove(&task);
            }
            self.world.servers.remove(id);
        }
        done()
    }

    pub(super) fn show_overview(&mut self) -> Done {
        let names = [
            SourceState::Replicate,
            SourceState::Syncing,
            SourceState::Stopped,
            SourceState::Deleting,
            SourceState::Cutovering,
            SourceState::Unavailable,
            SourceState::Stopping,
            SourceState::Skipping,
            SourceState::Finished,
            SourceState::Initialize,
            SourceState::Error,
            SourceState::Cloning,
        ];
        let servers = self.servers();
        let mut counts: serde_json::Map<_, _> = names
            .into_iter()
            .map(|state| {
                let count = servers.iter().filter(|server| server.state == state).count();
                (state.word().to_owned(), json!(count))
            })
            .collect();
        // One without a target waits too, and is counted where people look for what is left to do.
        let waiting = servers.iter().filter(|server| server.state == SourceState::Waiting);
        let (configured, rest): (Vec<&&Server>, Vec<&&Server>) =
            waiting.partition(|server| self.world.task_of(&server.id).is_some());
        counts.insert("waiting".to_owned(), json!(configured.len()));
        counts.insert("unconfigured".to_owned(), json!(rest.len()));
        say(counts.into())
    }

    pub(super) fn list_error_servers(&mut self) -> Done {
        let failed = |server: &&Server| {
            let error = self.world.task_of(&server.id).map_or("", |task| task.error.as_str());
            !error.is_empty()
        };
        let rows = self.servers().into_iter().filter(failed).collect();
        let (rows, count) = self.page(rows, ERROR_PAGE);
        let rows: Vec<_> = rows
            .into_iter()
            .map(|server| {
                let task = self.world.task_of(&server.id);
                json!({
                    "source_id": server.id, "name": server.name, "source_ip": server.fact("ip"),
                    "host_name": server.fact("hostname").as_str().unwrap_or_default(),
                    "target_ip": task.map_or("", |task| task.text("migration_ip")),
                    "error_json": task.map_or("", |task| task.error.as_str()),
                })
            })
            .collect();
        say(json!({ "count": count, "migration_errors": rows }))
    }
}

impl Cycle {
    /// The stage as answers show it: those that only agents know are stages of checking.
    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::NoReady | Self::ReadyForTest | Self::Testing | Self::Tested => Self::Checking.word(),
            stage => stage.word(),
        }
    }
}
