//! The calls about templates of target servers.

use hwmigrate_api::Secret;
use serde_json::{Value, json};

use super::model::Template;
use super::{Desk, Done, done, refuse, say, say_id};
use crate::http::call::ApiError;

const PAGE: usize = 50;

impl Desk<'_> {
    fn template(&self) -> Result<&Template, ApiError> {
        self.template_of_caller(self.call.name("id"))
    }

    fn template_of_caller(&self, id: &str) -> Result<&Template, ApiError> {
        let template = self.world.templates.get(id).filter(|template| template.domain == self.domain);
        template.ok_or_else(refuse::no_template)
    }

    /// The template in the body: what may be kept of it, and its password.
    fn given_template(&self) -> Result<(Value, Option<Secret>), ApiError> {
        let given = self.call.body.get("template").cloned().unwrap_or_default();
        for list in ["nics", "security_groups"] {
            let items = given.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            if items.len() > 1 && items.iter().any(|item| item["id"] == "autoCreate") {
                return Err(refuse::invalid(format!(
                    "{list} must have one entry only if that is autoCreate."
                )));
            }
        }
        let password = given.get("target_password").and_then(Value::as_str);
        let spec = self.listed_body().get("template").cloned().unwrap_or_else(|| json!({}));
        Ok((spec, password.filter(|password| !password.is_empty()).map(Secret::from)))
    }

    fn keep_password(&self, id: &str, password: Option<Secret>) -> Result<(), ApiError> {
        let kept = self.sms.vault.set_password(id, password);
        kept.map_err(|error| ApiError::new(500, "SMS.2007", error.to_string()))
    }

    /// A template as answers show it.
    fn shown_template(&self, template: &Template) -> Value {
        let mut shown = template.spec.clone();
        shown["id"] = json!(template.id);
        // A text in answers and a boolean in requests, by the documentation.
        let general = template.spec.get("is_template").and_then(Value::as_bool).unwrap_or(true);
        shown["is_template"] = json!(general.to_string());
        shown["target_password"] = json!(self.sms.vault.password(&template.id).expose());
        shown
    }

    pub(super) fn create_template(&mut self) -> Done {
        let (spec, password) = self.given_template()?;
        let (id, number) = (self.world.new_name(), self.world.new_number());
        // The password first: a template without its password would be worse than the other way round.
        self.keep_password(&id, password)?;
        let template = Template { id: id.clone(), domain: self.domain.to_owned(), number, spec };
        self.world.templates.insert(&id, template);
        say_id(&id)
    }

    pub(super) fn list_templates(&mut self) -> Done {
        let asked = |name: &str| self.call.query(name).filter(|text| !text.is_empty());
        let is = |template: &Template, member: &str, wanted: Option<&str>| {
            wanted.is_none_or(|wanted| template.spec[member] == wanted)
        };
        let mut rows: Vec<_> = self
            .world
            .templates
            .values()
            .filter(|template| template.domain == self.domain)
            .filter(|template| asked("id").is_none_or(|id| template.id == id))
            .filter(|template| {
                let name = template.spec["name"].as_str().unwrap_or_default();
                asked("name").is_none_or(|part| name.contains(part))
            })
            .filter(|template| is(template, "availability_zone", asked("availability_zone")))
            .filter(|template| is(template, "region", asked("region")))
            .collect();
        rows.sort_by_key(|template| std::cmp::Reverse(template.number));
        let (rows, count) = self.page(rows, PAGE);
        let rows: Vec<_> = rows.into_iter().map(|template| self.shown_template(template)).collect();
        say(json!({ "count": count, "templates": rows }))
    }

    pub(super) fn show_template(&mut self) -> Done {
        let template = self.template()?;
        say(json!({ "template": self.shown_template(template) }))
    }

    pub(super) fn update_template(&mut self) -> Done {
        let id = self.template()?.id.clone();
        let (spec, password) = self.given_template()?;
        if password.is_some() {
            self.keep_password(&id, password)?;
        }
        if let (Some(template), Value::Object(members)) = (self.world.templates.change(&id), spec) {
            for (name, value) in members {
                template.spec[name] = value;
            }
        }
        done()
    }

    pub(super) fn delete_template(&mut self) -> Done {
        let id = self.template()?.id.clone();
        self.delete_all_templates(&[id])
    }

    pub(super) fn delete_templates(&mut self) -> Done {
        self.delete_all_templates(&self.ids())
    }

    fn delete_all_templates(&mut self, ids: &[String]) -> Done {
        for id in ids {
            self.template_of_caller(id)?;
        }
        for id in ids {
            self.keep_password(id, None)?;
            self.world.templates.remove(id);
        }
        done()
    }

    pub(super) fn show_target_password(&mut self) -> Done {
        let id = &self.template()?.id;
        say(json!({ "template_id": id, "target_password": self.sms.vault.password(id).expose() }))
    }
}
