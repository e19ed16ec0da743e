//! The calls about tasks.

use serde_json::{Value, json};

use super::effect::{self, Wishes};
use super::limits::{self, Limits, Period};
use super::machine::{self, Effect};
use super::model::{Drill, Due, Log, Snapshots, Task};
use super::words::{Action, Kind, LogStatus, TaskState};
use super::{Desk, Done, done, refuse, rules, say, say_id, views};
use crate::http::call::{ApiError, Call};

const PAGE: usize = 100;

impl Desk<'_> {
    /// The task in the path, if it is the caller's.
    pub(super) fn task(&self) -> Result<&Task, ApiError> {
        self.task_of_caller(self.call.name("task_id"))
    }

    pub(super) fn task_of_caller(&self, id: &str) -> Result<&Task, ApiError> {
        let task = self.world.tasks.get(id).filter(|task| task.domain == self.domain);
        task.ok_or_else(refuse::no_task)
    }

    pub(super) fn create_task(&mut self) -> Done {
        let source = self.call.body.pointer("/source_server/id").and_then(Value::as_str).unwrap_or_default();
        let server = self.world.servers.get(source).filter(|server| server.domain == self.domain);
        let server =
            server.ok_or_else(|| ApiError::new(400, "SMS.2216", "The source server does not exist."))?;
        rules::may_create(self.world, server, &self.call.body)?;
        let (source, os) = (server.id.clone(), server.os);
        let (id, number) = (self.world.new_name(), self.world.new_number());
        let spec = self.listed_body();
        let flag = |name: &str| spec.get(name).and_then(Value::as_bool).unwrap_or(false);
        let (start, measure) = (flag("auto_start"), flag("start_network_check"));
        let task = Task {
            id: id.clone(),
            domain: self.domain.to_owned(),
            number,
            source,
            os,
            kind: Kind::of(self.call.text("type")).unwrap_or(Kind::File),
            limits: Limits {
                always: speed_limit(self.call).unwrap_or(0),
                threshold: self.call.body.get("over_speed_threshold").and_then(Value::as_f64),
                periods: Vec::new(),
            },
            state: TaskState::Ready,
            created: self.now,
            started: None,
            finished: None,
            worked: 0,
            at: self.now,
            run: None,
            turn: None,
            due: Due { network: measure.then_some(self.now + self.sms.pace.step), ..Due::default() },
            sub_tasks: Vec::new(),
            cutovers: 0,
            resyncs: 0,
            error: String::new(),
            synced: self.now,
            copied: 0,
            to_copy: 0,
            drill: if flag("need_migration_test") { Drill::Ready } else { Drill::No },
            snapshots: Snapshots::Kept,
            clone: None,
            log: Log { status: LogStatus::Init, bucket: None, uploaded: None },
            network: Value::Null,
            usage: Value::Null,
            configurations: Vec::new(),
            checks: Vec::new(),
            gone: false,
            spec,
        };
        self.world.tasks.insert(&id, task);
        if start {
            self.act(&id, Action::Start, &Wishes::default())?;
        }
        self.world.changed(&id);
        say_id(&id)
    }

    pub(super) fn list_tasks(&mut self) -> Done {
        let asked = |name: &str| self.call.query(name).filter(|text| !text.is_empty());
        let mut tasks: Vec<_> = self
            .world
            .tasks
            .values()
            .filter(|task| task.domain == self.domain)
            .filter(|task| asked("state").is_none_or(|state| task.state.word() == state))
            .filter(|task| asked("name").is_none_or(|part| task.text("name").contains(part)))
            .filter(|task| asked("id").is_none_or(|id| task.id == id))
            .filter(|task| asked("source_server_id").is_none_or(|id| task.source == id))
            .collect();
        // The newest first: the documents do not say, and this is what people look for.
        tasks.sort_by_key(|task| std::cmp::Reverse(task.number));
        let (tasks, count) = self.page(tasks, PAGE);
        let ids: Vec<_> = tasks.into_iter().map(|task| task.id.clone()).collect();
        let rows: Vec<_> = ids.iter().filter_map(|id| views::task(self, id, views::In::List)).collect();
        say(json!({ "count": count, "tasks": rows }))
    }

    pub(super) fn show_task(&mut self) -> Done {
        let id = self.task()?.id.clone();
        views::task(self, &id, views::In::Show).map_or_else(|| Err(refuse::no_task()), say)
    }

    pub(super) fn update_task(&mut self) -> Done {
        let id = self.task()?.id.clone();
        let body = self.listed_body();
        let template = self.call.text("vm_template_id");
        if !template.is_empty() {
            rules::template_exists(self.world, self.domain, template)?;
        }
        let limit = speed_limit(self.call);
        let kind = Kind::of(self.call.text("type"));
        if let Some(task) = self.world.tasks.change(&id) {
            merge(&mut task.spec, body);
            task.kind = kind.unwrap_or(task.kind);
            task.limits.always = limit.unwrap_or(task.limits.always);
        }
        say_id(&id)
    }

    pub(super) fn delete_task(&mut self) -> Done {
        let id = self.task()?.id.clone();
        self.delete_all_tasks(&[id])
    }

    pub(super) fn delete_tasks(&mut self) -> Done {
        self.delete_all_tasks(&self.ids())
    }

    /// Deletes all of them, or none if one cannot be deleted.
    fn delete_all_tasks(&mut self, ids: &[String]) -> Done {
        for id in ids {
            let source = self.task_of_caller(id)?.source.clone();
            rules::may_delete(self.world.servers.get(&source))?;
        }
        for id in ids {
            let now = self.now;
            self.world.with_task(id, now, |task, stage| effect::delete(task, stage, now));
            self.world.changed(id);
        }
        done()
    }

    /// Carries out an action, if the task allows it now.
    fn act(&mut self, id: &str, action: Action, wishes: &Wishes) -> Result<(), ApiError> {
        let task = self.task_of_caller(id)?;
        let state = task.state;
        let effect =
            machine::act(task.situation(), action).map_err(|why| refuse::action(why, action, state))?;
        if !matches!(effect, Effect::Abort | Effect::CollectLog) {
            let source = task.source.clone();
            self.world.servers.get(&source).map_or(Ok(()), rules::connected)?;
        }
        let now = self.now;
        self.world.with_task(id, now, |task, stage| effect::apply(task, stage, effect, wishes, now));
        self.world.changed(id);
        Ok(())
    }

    pub(super) fn update_task_status(&mut self) -> Done {
        let task = self.task()?;
        let (id, windows) = (task.id.clone(), task.os == super::words::Os::Windows);
        let action = Action::of(self.call.text("operation"))
            .ok_or_else(|| refuse::invalid("operation is not one that the emulator knows."))?;
        if self.call.flag("switch_hce") && windows {
            return Err(refuse::invalid("switch_hce is for Linux only."));
        }
        let template = self.call.text("template_id");
        if !template.is_empty() {
            rules::template_exists(self.world, self.domain, template)?;
        }
        let wishes =
            Wishes { check: self.call.body.get("is_need_consistency_check").and_then(Value::as_bool) };
        self.act(&id, action, &wishes)?;
        done()
    }

    pub(super) fn shows_speed_limits(&mut self) -> Done {
        let periods = &self.task()?.limits.periods;
        say(json!({ "speed_limit": periods }))
    }

    pub(super) fn update_speed(&mut self) -> Done {
        let id = self.task()?.id.clone();
        let given = self.call.body.get("speed_limit").cloned().unwrap_or_default();
        let periods: Vec<Period> =
            serde_json::from_value(given).map_err(|_| refuse::invalid("speed_limit cannot be read."))?;
        limits::check(&periods)?;
        if let Some(task) = self.world.tasks.change(&id) {
            task.limits.periods = periods;
        }
        done()
    }

    pub(super) fn collect_log(&mut self) -> Done {
        let id = self.task()?.id.clone();
        let bucket = self.call.text("log_bucket").to_owned();
        self.act(&id, Action::CollectLog, &Wishes::default())?;
        if let Some(task) = self.world.tasks.change(&id) {
            task.log.bucket = Some(bucket);
        }
        done()
    }

    pub(super) fn show_passphrase(&mut self) -> Done {
        let id = &self.task()?.id;
        say(json!({ "task_id": id, "passphrase": self.sms.vault.passphrase(id).expose() }))
    }

    pub(super) fn show_cert_key(&mut self) -> Done {
        let id = &self.task()?.id;
        let pem = |label: &str, what: &str| json!(self.sms.vault.pem(label, what, id).expose());
        let (cert, key) = ("CERTIFICATE", "PRIVATE KEY");
        let mut keys = json!({
            "cert": pem(cert, "certificate"), "private_key": pem(key, "key"),
            "target_mgmt_cert": pem(cert, "management certificate"),
            "target_mgmt_private_key": pem(key, "management key"),
            "target_data_cert": pem(cert, "data certificate"), "target_data_private_key": pem(key, "data key"),
        });
        if self.call.query("enable_ca_cert") == Some("true") {
            keys["ca"] = pem(cert, "authority");
        }
        say(keys)
    }
}

fn speed_limit(call: &Call) -> Option<u32> {
    call.body.get("speed_limit").and_then(Value::as_u64).and_then(|limit| u32::try_from(limit).ok())
}

/// Members that are given replace those that are there; objects are merged.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
