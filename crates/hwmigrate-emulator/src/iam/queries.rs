//! What a caller reaches: projects, accounts, and who they are.

use serde_json::{Value, json};

use super::directory::Project;
use super::{Iam, Refusal, Request};
use crate::http::answer::Answer;

impl Iam {
    pub(super) fn list_projects(&self, request: &Request<'_>) -> Result<Answer, Refusal> {
        let caller = self.caller(request)?;
        let page = match (request.query("page"), request.query("per_page")) {
            (None, None) => None,
            (Some(page), Some(size)) => page.parse::<usize>().ok().zip(size.parse::<usize>().ok()),
            _ => return Err(Refusal::keystone(400, "page and per_page must be given together")),
        };
        let is = |filter: Option<&str>, value: &str| filter.is_none_or(|filter| filter == value);
        let rows: Vec<_> = self
            .directory
            .projects_of(&caller.domain)
            .filter(|project| is(request.query("name"), &project.party.name))
            .filter(|project| is(request.query("domain_id"), &project.domain.id))
            .filter(|project| is(request.query("parent_id"), &project.domain.id))
            .filter(|_| is(request.query("enabled"), "true") && is(request.query("is_domain"), "false"))
            .map(|project| self.project_row(project))
            .collect();
        let rows = match page {
            Some((page, size)) => rows.into_iter().skip(page.saturating_sub(1) * size).take(size).collect(),
            None => rows,
        };
        Ok(self.listed("projects", rows, "/v3/projects"))
    }

    pub(super) fn list_auth_projects(&self, request: &Request<'_>) -> Result<Answer, Refusal> {
        let caller = self.caller(request)?;
        let rows = self.directory.projects_of(&caller.domain).map(|project| self.project_row(project));
        Ok(self.listed("projects", rows.collect(), "/v3/auth/projects"))
    }

    pub(super) fn list_auth_domains(&self, request: &Request<'_>) -> Result<Answer, Refusal> {
        let domain = self.caller(request)?.domain;
        let row = json!({
            "id": domain.id, "name": domain.name, "enabled": true, "description": "",
            "links": { "self": format!("{}/v3/domains/{}", self.url, domain.id) },
        });
        Ok(self.listed("domains", vec![row], "/v3/auth/domains"))
    }

    pub(super) fn caller_identity(&self, request: &Request<'_>) -> Result<Answer, Refusal> {
        let caller = self.caller(request)?;
        Ok(Answer::json(
            200,
            json!({
                "account_id": caller.domain.id,
                "principal_id": caller.user.id,
                "principal_urn": format!("iam::{}:user:{}", caller.domain.id, caller.user.name),
            }),
        ))
    }

    fn project_row(&self, project: &Project) -> Value {
        json!({
            "id": project.party.id, "name": project.party.name, "domain_id": project.domain.id,
            "parent_id": project.domain.id, "description": "", "enabled": true, "is_domain": false,
            "links": { "self": format!("{}/v3/projects/{}", self.url, project.party.id) },
        })
    }

    fn listed(&self, name: &str, rows: Vec<Value>, path: &str) -> Answer {
        let links = json!({ "self": format!("{}{path}", self.url), "previous": null, "next": null });
        Answer::json(200, json!({ name: rows, "links": links }))
    }
}
