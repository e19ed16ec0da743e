//! What the emulator keeps about source servers and their tasks.
//!
//! All of it is written to the state, so nothing here may hold a secret:
//! bodies are kept as far as the document lists their members, without those
//! that it marks secret.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::limits::Limits;
use super::words::{CloneState, Cycle, Kind, LogStatus, Os, SourceState, Step, TaskState};

/// Who acts for a source server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Agent {
    /// The emulator.
    Simulated,
    /// The emulator, until a client fetches a command or reports progress as an agent does.
    Open,
    /// A client.
    Client {
        /// When it was last heard of, in ms.
        seen: i64,
    },
}

/// A source server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Server {
    pub(crate) id: String,
    /// The account that it belongs to.
    pub(crate) domain: String,
    /// Its place in the order of registration.
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) os: Os,
    /// What its agent reported: the body of the registration.
    pub(crate) facts: Value,
    /// Disks that are not to be migrated, by id or name.
    pub(crate) left_out: Vec<String>,
    pub(crate) agent: Agent,
    pub(crate) connected: bool,
    pub(crate) state: SourceState,
    pub(crate) cycle: Cycle,
    /// The migration project.
    pub(crate) project: String,
    /// When it was registered, and when state, stage and connection last changed; ms.
    pub(crate) added: i64,
    pub(crate) state_changed: i64,
    pub(crate) cycle_changed: i64,
    pub(crate) visited: i64,
    /// What agents reported about commands, newest last.
    pub(crate) results: Vec<Value>,
}

impl Server {
    /// Sets state and stage.
    pub(crate) fn enter(&mut self, state: SourceState, cycle: Cycle, now: i64) {
        if self.state != state {
            self.state = state;
            self.state_changed = now;
        }
        if self.cycle != cycle {
            self.cycle = cycle;
            self.cycle_changed = now;
        }
    }

    /// A member of what the agent reported.
    pub(crate) fn fact(&self, name: &str) -> &Value {
        self.facts.get(name).unwrap_or(&Value::Null)
    }

    /// A list in what the agent reported.
    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.fact(name).as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// The bytes to copy: what is used on the disks that are to be migrated.
    pub(crate) fn bytes(&self) -> u64 {
        let size =
            |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).filter(|size| *size > 0);
        let chosen = |disk: &&Value| {
            let named = |name: &str| disk.get(name).and_then(Value::as_str);
            ![named("id"), named("name")]
                .into_iter()
                .flatten()
                .any(|id| self.left_out.iter().any(|out| out == id))
        };
        let used = |disk: &Value| {
            let volumes = disk.get("physical_volumes").and_then(Value::as_array);
            let sum: u64 = volumes.into_iter().flatten().filter_map(|volume| size(volume, "used_size")).sum();
            if sum > 0 { sum } else { size(disk, "used_size").or_else(|| size(disk, "size")).unwrap_or(0) }
        };
        let sum = self.list("disks").iter().filter(chosen).map(used).sum();
        // An agent need not report disks; a migration without data would have no middle.
        if sum == 0 { 1 << 30 } else { sum }
    }
}

/// What a sub-task is to fail with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Doom {
    /// At how many percent.
    pub(crate) percent: u8,
    /// The text for `error_json`.
    pub(crate) error_json: String,
}

/// A part of the work, as it was or is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SubTask {
    pub(crate) id: i64,
    pub(crate) step: Step,
    /// The user action that it belongs to; the documents name none for clones.
    pub(crate) op: Option<String>,
    pub(crate) start: i64,
    pub(crate) end: Option<i64>,
    /// Bytes where it moves data, otherwise ms.
    pub(crate) done: u64,
    pub(crate) size: u64,
    /// What an agent said that can be seen: percent, Mbit/s and a text.
    pub(crate) reported: Option<Report>,
    pub(crate) doom: Option<Doom>,
}

/// What an agent says about a sub-task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) percent: u8,
    pub(crate) speed: f64,
    pub(crate) trace: String,
    /// Seconds.
    pub(crate) remaining: Option<i64>,
}

impl SubTask {
    /// Its progress in percent; 100 only at its end, and less if it was given up.
    pub(crate) fn percent(&self) -> u8 {
        if self.end.is_some() && self.done >= self.size {
            return 100;
        }
        if let Some(report) = &self.reported {
            return report.percent.min(99);
        }
        let percent = u128::from(self.done) * 100 / u128::from(self.size.max(1));
        u8::try_from(percent).unwrap_or(99).min(99)
    }
}

/// Sub-tasks that belong together and follow each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// `REPLICATE`, `CUTOVERn` or `RESYNCn`.
    pub(crate) op: String,
    /// What comes after the current sub-task.
    pub(crate) queue: Vec<Step>,
    /// The state of the task while the run goes on, and at its end.
    pub(crate) state: TaskState,
    pub(crate) goal: TaskState,
}

/// Something that takes one step and then changes the state of the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Turn {
    Abort,
    Reset,
    RollBack,
    Skip,
    Delete,
}

/// How far the drill has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Drill {
    /// Not asked for.
    No,
    Ready,
    Running,
    Done,
    Failed,
}

/// How far removing snapshots has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Snapshots {
    Kept,
    Clearing,
    Cleared,
    Failed,
}

/// A clone of the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CloneVm {
    pub(crate) vm_id: String,
    pub(crate) name: String,
    pub(crate) state: CloneState,
    pub(crate) error: String,
}

/// The collecting of logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Log {
    pub(crate) status: LogStatus,
    pub(crate) bucket: Option<String>,
    pub(crate) uploaded: Option<i64>,
}

/// A check of the copy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Consistency {
    pub(crate) finished: i64,
    /// One entry per directory, as an agent reports it.
    pub(crate) directories: Vec<Value>,
}

/// Things that happen beside the run, each with the moment at which it is done; ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Due {
    pub(crate) clone: Option<i64>,
    pub(crate) log: Option<i64>,
    pub(crate) network: Option<i64>,
    pub(crate) snapshots: Option<i64>,
    pub(crate) drill: Option<i64>,
}

/// A migration task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) id: String,
    /// The account that it belongs to.
    pub(crate) domain: String,
    /// Its place in the order of creation.
    pub(crate) number: u64,
    /// The source server.
    pub(crate) source: String,
    pub(crate) os: Os,
    pub(crate) kind: Kind,
    /// What it was created with and changed to.
    pub(crate) spec: Value,
    pub(crate) limits: Limits,
    pub(crate) state: TaskState,
    pub(crate) created: i64,
    pub(crate) started: Option<i64>,
    pub(crate) finished: Option<i64>,
    /// How long it has worked, in ms.
    pub(crate) worked: i64,
    /// Up to when its work has been simulated, in ms since 1970.
    pub(crate) at: i64,
    pub(crate) run: Option<Run>,
    pub(crate) turn: Option<(Turn, i64)>,
    pub(crate) due: Due,
    pub(crate) sub_tasks: Vec<SubTask>,
    pub(crate) cutovers: u32,
    pub(crate) resyncs: u32,
    /// The text of `error_json`; empty where there is no error.
    pub(crate) error: String,
    /// Up to when the changes of the source have been copied, in ms.
    pub(crate) synced: i64,
    /// Bytes copied, and bytes to copy, in the last run that moved data.
    pub(crate) copied: u64,
    pub(crate) to_copy: u64,
    pub(crate) drill: Drill,
    pub(crate) snapshots: Snapshots,
    pub(crate) clone: Option<CloneVm>,
    pub(crate) log: Log,
    pub(crate) network: Value,
    /// What an agent last said about its host.
    pub(crate) usage: Value,
    pub(crate) configurations: Vec<Value>,
    pub(crate) checks: Vec<Consistency>,
    pub(crate) gone: bool,
}

impl Task {
    /// A member of what it was created with.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.spec.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A flag of what it was created with.
    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        self.spec.get(name).and_then(Value::as_bool).unwrap_or(default)
    }

    /// Whether it goes on synchronising after the first copy.
    pub(crate) fn syncing(&self) -> bool {
        self.flag("syncing", false)
    }

    /// The id of the target, if there is one yet.
    pub(crate) fn vm_id(&self) -> Option<&str> {
        let id = self.spec.get("target_server")?.get("vm_id")?.as_str()?;
        (!id.is_empty()).then_some(id)
    }

    /// The sub-task that the run is at.
    pub(crate) fn current(&self) -> Option<&SubTask> {
        self.run.as_ref()?;
        self.sub_tasks.iter().rev().find(|sub| sub.end.is_none() && sub.step != Step::CloneVm)
    }

    pub(super) fn current_mut(&mut self) -> Option<&mut SubTask> {
        self.run.as_ref()?;
        self.sub_tasks.iter_mut().rev().find(|sub| sub.end.is_none() && sub.step != Step::CloneVm)
    }

    /// Gives up the sub-task that the run is at.
    pub(super) fn give_up_current(&mut self, at: i64) {
        if let Some(sub) = self.current_mut() {
            sub.end = Some(at);
        }
        self.run = None;
    }

    /// Whether sub-tasks are being worked on now.
    pub(crate) fn works(&self) -> bool {
        self.run.is_some() && matches!(self.state, TaskState::Running | TaskState::Syncing)
    }
}

/// A template of target servers, as it was sent, without its password.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) id: String,
    pub(crate) domain: String,
    pub(crate) number: u64,
    pub(crate) spec: Value,
}

/// A migration project, as it was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) domain: String,
    pub(crate) number: u64,
    pub(crate) is_default: bool,
    pub(crate) spec: Value,
}

/// What is counted up for ever.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counters {
    /// Names given.
    pub(crate) number: u64,
    /// The last id of a sub-task.
    pub(crate) sub_task: i64,
}
