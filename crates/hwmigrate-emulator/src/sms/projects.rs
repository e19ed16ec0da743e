//! The calls about migration projects.

use serde_json::{Value, json};

use super::model::Project;
use super::{Desk, Done, done, refuse, rules, say, say_id};
use crate::http::call::ApiError;

const PAGE: usize = 50;

impl Desk<'_> {
    fn project(&mut self) -> Result<&Project, ApiError> {
        self.world.default_project(self.domain, &self.sms.region);
        self.project_of_caller(self.call.name("mig_project_id"))
    }

    pub(super) fn project_of_caller(&self, id: &str) -> Result<&Project, ApiError> {
        let project = self.world.projects.get(id).filter(|project| project.domain == self.domain);
        project.ok_or_else(refuse::no_project)
    }

    /// Makes one the default, and all others not.
    fn make_default(&mut self, id: &str) {
        let before: Vec<_> = self
            .world
            .projects
            .values()
            .filter(|project| project.domain == self.domain && project.is_default != (project.id == id))
            .map(|project| project.id.clone())
            .collect();
        for other in before {
            if let Some(project) = self.world.projects.change(&other) {
                project.is_default = other == id;
            }
        }
    }

    pub(super) fn create_migproject(&mut self) -> Done {
        self.world.default_project(self.domain, &self.sms.region);
        rules::project_name(self.world, self.domain, None, self.call.text("name"))?;
        rules::may_add_project(self.world, self.domain)?;
        let mut spec = json!({
            "description": "", "start_target_server": true, "speed_limit": 0, "use_public_ip": true,
            "exist_server": true, "enterprise_project": "default", "syncing": false,
            "start_network_check": false,
        });
        fill(&mut spec, self.listed_body());
        let (id, number) = (self.world.new_name(), self.world.new_number());
        let domain = self.domain.to_owned();
        self.world.projects.insert(&id, Project { id: id.clone(), domain, number, is_default: false, spec });
        if self.call.flag("isdefault") {
            self.make_default(&id);
        }
        say_id(&id)
    }

    pub(super) fn list_migprojects(&mut self) -> Done {
        self.world.default_project(self.domain, &self.sms.region);
        let mut rows: Vec<_> =
            self.world.projects.values().filter(|project| project.domain == self.domain).collect();
        rows.sort_by_key(|project| std::cmp::Reverse(project.number));
        let (rows, count) = self.page(rows, PAGE);
        let rows: Vec<_> = rows.into_iter().map(|project| shown(project, true)).collect();
        say(json!({ "count": count, "migprojects": rows }))
    }

    pub(super) fn show_migproject(&mut self) -> Done {
        let project = self.project()?;
        say(shown(project, false))
    }

    pub(super) fn update_migproject(&mut self) -> Done {
        let id = self.project()?.id.clone();
        let name = self.call.text("name");
        if !name.is_empty() {
            rules::project_name(self.world, self.domain, Some(&id), name)?;
        }
        let body = self.listed_body();
        if let Some(project) = self.world.projects.change(&id) {
            fill(&mut project.spec, body);
        }
        // There is always one default project: it ends when another becomes it.
        if self.call.flag("isdefault") {
            self.make_default(&id);
        }
        done()
    }

    pub(super) fn update_default_migproject(&mut self) -> Done {
        let id = self.project()?.id.clone();
        self.make_default(&id);
        done()
    }

    pub(super) fn delete_migproject(&mut self) -> Done {
        let id = self.project()?.id.clone();
        rules::may_delete_project(self.world, &id)?;
        self.world.projects.remove(&id);
        done()
    }
}

fn fill(spec: &mut Value, from: Value) {
    if let (Some(spec), Value::Object(from)) = (spec.as_object_mut(), from) {
        spec.extend(from.into_iter().filter(|(name, _)| name != "isdefault"));
    }
}

fn shown(project: &Project, with_id: bool) -> Value {
    let mut shown = project.spec.clone();
    shown["isdefault"] = json!(project.is_default);
    if with_id {
        shown["id"] = json!(project.id);
    }
    shown
}
