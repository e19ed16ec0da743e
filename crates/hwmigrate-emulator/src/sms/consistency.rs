//! The calls about consistency checks.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::model::{Consistency, Task};
use super::{Desk, Done, done, refuse, say};
use crate::http::call::Reply;

/// The numbers of a check, per directory.
const NUMBERS: [&str; 4] =
    ["num_total_files", "num_different_files", "num_target_miss_files", "num_target_more_files"];

impl Consistency {
    fn number(directory: &Value, name: &str) -> u64 {
        directory.get(name).and_then(Value::as_u64).unwrap_or(0)
    }

    /// Whether source and target are equal.
    fn is_equal(&self) -> bool {
        let differ = |directory: &Value| NUMBERS.iter().skip(1).any(|name| Self::number(directory, name) > 0);
        !self.directories.iter().any(differ)
    }

    fn shown(&self) -> Value {
        json!({
            "finished_time": self.finished.to_string(), "check_result": self.is_equal().to_string(),
            "consistency_result": self.directories,
        })
    }
}

impl Desk<'_> {
    pub(super) fn show_consistency_result(&mut self) -> Done {
        let task = self.task()?;
        let results: Vec<_> = task.checks.iter().map(Consistency::shown).collect();
        say(json!({ "task_id": task.id, "result_list": results }))
    }

    pub(super) fn update_consistency_result(&mut self) -> Done {
        let id = self.task()?.id.clone();
        let body = self.listed_body();
        let directories =
            body.get("consistency_result").and_then(Value::as_array).cloned().unwrap_or_default();
        if let Some(task) = self.world.tasks.change(&id) {
            task.checks.push(Consistency { finished: self.now, directories });
        }
        done()
    }

    /// A file whose form the documents leave open; here it is CSV, a line per directory.
    pub(super) fn export_consistency_results(&mut self) -> Done {
        let wanted = self.call.body.get("task_info").and_then(Value::as_array).into_iter().flatten();
        let mut file =
            format!("task_id,source_id,source_name,finished_time,dir_check,{}\n", NUMBERS.join(","));
        for info in wanted {
            let id = info.get("task_id").and_then(Value::as_str).unwrap_or_default();
            let source = info.get("source_id").and_then(Value::as_str).unwrap_or_default();
            let task = if id.is_empty() {
                self.world.task_of(source).filter(|task| task.domain == self.domain)
            } else {
                Some(self.task_of_caller(id)?)
            };
            let task = task.ok_or_else(refuse::no_task)?;
            self.add_lines(&mut file, task);
        }
        Ok(Reply::File(file.into_bytes()))
    }

    fn add_lines(&self, file: &mut String, task: &Task) {
        let name = self.world.servers.get(&task.source).map_or("", |server| server.name.as_str());
        for check in &task.checks {
            for directory in &check.directories {
                let text = directory.get("dir_check").and_then(Value::as_str).unwrap_or_default();
                let numbers = NUMBERS.map(|name| Consistency::number(directory, name).to_string()).join(",");
                let (name, text) = (quoted(name), quoted(text));
                // Writing to a String does not fail.
                let _ =
                    writeln!(file, "{},{},{name},{},{text},{numbers}", task.id, task.source, check.finished);
            }
        }
    }
}

/// A text as a field of CSV.
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
