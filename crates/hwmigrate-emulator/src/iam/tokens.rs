//! Getting and checking tokens.

use http::HeaderValue;
use serde::Deserialize;
use serde_json::{Value, json};

use super::directory::{Agency, Reference};
use super::{Iam, Refusal, Request, not_permitted, unreadable};
use crate::auth::token::{Party, Scope, Token, in_words};
use crate::auth::{Caller, totp};
use crate::http::answer::Answer;

/// How long a token lasts, in microseconds: a day.
const LIFETIME: i64 = 24 * 3_600 * 1_000_000;

#[derive(Deserialize)]
struct Body {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    identity: Identity,
    scope: Option<ScopeMember>,
}

#[derive(Deserialize)]
struct Identity {
    methods: Vec<String>,
    password: Option<PasswordMethod>,
    totp: Option<TotpMethod>,
    assume_role: Option<AssumeRole>,
    token: Option<TokenMethod>,
}

#[derive(Deserialize)]
struct PasswordMethod {
    user: PasswordUser,
}

#[derive(Deserialize)]
struct PasswordUser {
    name: String,
    password: hwmigrate_api::Secret,
    domain: Reference,
}

#[derive(Deserialize)]
struct TotpMethod {
    user: TotpUser,
}

#[derive(Deserialize)]
struct TotpUser {
    id: String,
    passcode: hwmigrate_api::Secret,
}

#[derive(Deserialize)]
struct TokenMethod {
    id: hwmigrate_api::Secret,
}

#[derive(Deserialize)]
pub(super) struct AssumeRole {
    agency_name: String,
    domain_id: Option<String>,
    domain_name: Option<String>,
    pub(super) duration_seconds: Option<i64>,
}

#[derive(Default, Deserialize)]
struct ScopeMember {
    project: Option<Reference>,
    domain: Option<Reference>,
}

/// Whom a token is for, before it is known what it reaches.
struct Holder {
    user: Party,
    domain: Party,
    methods: Vec<String>,
    assumed_by: Option<(Party, Party)>,
    mfa: Option<i64>,
}

impl Iam {
    pub(super) fn create_token(&self, request: &Request<'_>) -> Result<Answer, Refusal> {
        let body = Body::deserialize(request.body)
            .map_err(|_| unreadable(request.route.template, request.body.is_null()))?;
        let identity = body.auth.identity;
        let holder = match identity.methods.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["password"] | ["password", "totp"] | ["totp", "password"] => {
                self.by_password(&identity, request)?
            }
            ["assume_role"] => self.by_agency(&identity, request)?,
            ["token"] => self.by_token(&identity, request)?,
            _ => return Err(unreadable(request.route.template, false)),
        };
        let scope = self.scope(&holder, &body.auth.scope.unwrap_or_default())?;
        let issued = self.authority.issue_moment(request.now);
        let token = Token {
            generation: self.authority.seal.generation(),
            issued,
            expires: issued + LIFETIME,
            user: holder.user,
            domain: holder.domain,
            scope,
            methods: holder.methods,
            assumed_by: holder.assumed_by,
            mfa: holder.mfa,
        };
        let text = token.mint(&self.authority.seal);
        self.token_answer(201, &token, &text, request)
    }

    pub(super) fn validate_token(&self, request: &Request<'_>) -> Result<Answer, Refusal> {
        let caller = self.caller(request)?;
        let subject = request.headers().get("x-subject-token").and_then(|value| value.to_str().ok());
        let Some(subject) = subject else {
            return Err(Refusal::coded(400, "IAM.0009", "X-Subject-Token is missing."));
        };
        let token = Token::read(&self.authority.seal, subject, request.now)
            .map_err(|_| Refusal::keystone(404, "X-Subject-Token is invalid in the request"))?;
        if token.domain != caller.domain {
            return Err(not_permitted());
        }
        self.token_answer(200, &token, subject, request)
    }

    fn by_password(&self, identity: &Identity, request: &Request<'_>) -> Result<Holder, Refusal> {
        let wrong = || Refusal::keystone(401, "The username or password is wrong.");
        let given = identity.password.as_ref().ok_or_else(|| unreadable(request.route.template, false))?;
        let domain = given.user.domain.name.as_deref().unwrap_or_default();
        let name = &given.user.name;
        let door = format!("{domain}/{name}");
        if self.password_locks.is_locked(&door, request.now) {
            return Err(Refusal::coded(401, "IAM.0061", "The account is locked."));
        }
        let user = self.directory.user(domain, name).ok_or_else(wrong)?;
        if user.password != given.user.password {
            self.password_locks.failed(&door, request.now);
            return Err(wrong());
        }
        let mut mfa = None;
        if let Some(key) = &user.totp_key {
            let refused = |text| Refusal::coded(400, "IAM.1061", text);
            let totp = identity.totp.as_ref().map(|totp| &totp.user);
            let totp = totp.ok_or_else(|| refused("The verification code is missing."))?;
            let seconds = request.now.unix_timestamp();
            if totp.id != user.party.id || !totp::is_right(key, totp.passcode.expose(), seconds) {
                self.password_locks.failed(&door, request.now);
                return Err(refused("The verification code is wrong."));
            }
            mfa = Some(crate::auth::token::micros(request.now));
        }
        self.password_locks.succeeded(&door);
        Ok(Holder {
            user: user.party.clone(),
            domain: user.domain.clone(),
            methods: identity.methods.clone(),
            assumed_by: None,
            mfa,
        })
    }

    fn by_agency(&self, identity: &Identity, request: &Request<'_>) -> Result<Holder, Refusal> {
        let role = identity.assume_role.as_ref();
        let role = role.ok_or_else(|| unreadable(request.route.template, false))?;
        let caller = self.caller(request)?;
        let agency = self.agency(role, &caller)?;
        Ok(Holder {
            user: Party {
                id: agency.party.id.clone(),
                name: format!("{}/{}", agency.domain.name, agency.party.name),
            },
            domain: agency.domain.clone(),
            methods: vec!["assume_role".to_owned()],
            assumed_by: Some((caller.user, caller.domain)),
            mfa: None,
        })
    }

    fn by_token(&self, identity: &Identity, request: &Request<'_>) -> Result<Holder, Refusal> {
        let given = identity.token.as_ref().ok_or_else(|| unreadable(request.route.template, false))?;
        let token = Token::read(&self.authority.seal, given.id.expose(), request.now)
            .map_err(|_| Refusal::coded(401, "IAM.0067", "The token is invalid."))?;
        Ok(Holder {
            user: token.user,
            domain: token.domain,
            methods: vec!["token".to_owned()],
            assumed_by: token.assumed_by,
            mfa: token.mfa,
        })
    }

    /// The agency that a caller asks for, if they may use it.
    pub(super) fn agency(&self, role: &AssumeRole, caller: &Caller) -> Result<&Agency, Refusal> {
        let domain = Reference { id: role.domain_id.clone(), name: role.domain_name.clone() };
        let found = self
            .directory
            .agencies
            .iter()
            .find(|agency| agency.party.name == role.agency_name && domain.is(&agency.domain))
            .ok_or_else(|| Refusal::keystone(404, "Could not find the agency."))?;
        if found.trusted == caller.domain { Ok(found) } else { Err(not_permitted()) }
    }

    fn scope(&self, holder: &Holder, scope: &ScopeMember) -> Result<Scope, Refusal> {
        if let Some(reference) = &scope.project {
            let mut projects = self.directory.projects_of(&holder.domain);
            let found = projects.find(|project| reference.is(&project.party));
            let found = found.ok_or_else(|| Refusal::keystone(404, "Could not find the project."))?;
            return Ok(Scope::Project(found.party.clone()));
        }
        match &scope.domain {
            Some(reference) if !reference.is(&holder.domain) => {
                Err(Refusal::keystone(404, "Could not find the domain."))
            }
            _ => Ok(Scope::Domain(holder.domain.clone())),
        }
    }

    fn token_answer(
        &self,
        status: u16,
        token: &Token,
        text: &str,
        request: &Request<'_>,
    ) -> Result<Answer, Refusal> {
        // Any value that is not empty hides the catalogue, "false" too.
        let hidden = request.query("nocatalog").is_some_and(|value| !value.is_empty());
        let catalog = if hidden { json!([]) } else { self.catalog() };
        let mut header = HeaderValue::from_str(text)
            .map_err(|_| Refusal::coded(500, "IAM.0006", "The token cannot be sent."))?;
        header.set_sensitive(true);
        let answer = Answer::json(status, json!({ "token": described(token, catalog) }));
        Ok(answer.header("x-subject-token", header))
    }

    fn catalog(&self) -> Value {
        let entry = |name: &str, region: &str| {
            json!({
                "id": super::directory::party("service", name).id, "name": name, "type": name,
                "endpoints": [{
                    "id": super::directory::party("endpoint", name).id, "interface": "public",
                    "region": region, "region_id": region, "url": self.url,
                }],
            })
        };
        json!([entry("iam", "*"), entry("oms", &self.region)])
    }
}

/// What an answer says about a token.
fn described(token: &Token, catalog: Value) -> Value {
    let party = |party: &Party| json!({ "id": party.id, "name": party.name });
    let domain = party(&token.domain);
    let mut shown = json!({
        "issued_at": in_words(token.issued), "expires_at": in_words(token.expires),
        "methods": token.methods, "catalog": catalog,
        "roles": [{ "id": "0", "name": "te_admin" }],
        "user": { "id": token.user.id, "name": token.user.name, "domain": domain.clone() },
    });
    match &token.scope {
        Scope::Project(project) => {
            shown["project"] = json!({ "id": project.id, "name": project.name, "domain": domain });
        }
        Scope::Domain(account) => shown["domain"] = party(account),
    }
    match &token.assumed_by {
        Some((user, domain)) => {
            shown["assumed_by"] = json!({ "user": {
                "id": user.id, "name": user.name, "domain": party(domain), "password_expires_at": "",
            }});
        }
        None => shown["user"]["password_expires_at"] = json!(""),
    }
    if let Some(at) = token.mfa {
        shown["mfa_authn_at"] = json!(in_words(at));
    }
    shown
}
