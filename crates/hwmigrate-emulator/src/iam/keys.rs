//! Temporary access keys.

use http::HeaderValue;
use serde::Deserialize;
use serde_json::json;

use super::tokens::AssumeRole;
use super::{Iam, Refusal, Request, unreadable};
use crate::auth::Caller;
use crate::auth::token::{Party, Temporary, Token, in_words};
use crate::http::answer::Answer;

/// How long a key lasts when the request does not say.
const DEFAULT_SECONDS: i64 = 900;

#[derive(Deserialize)]
struct Body {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    identity: Identity,
}

#[derive(Deserialize)]
struct Identity {
    methods: Vec<String>,
    token: Option<TokenMethod>,
    assume_role: Option<AssumeRole>,
}

#[derive(Deserialize)]
struct TokenMethod {
    id: Option<String>,
    duration_seconds: Option<i64>,
}

impl Iam {
    pub(super) fn create_temporary_key(&self, request: &Request<'_>) -> Result<Answer, Refusal> {
        let body = Body::deserialize(request.body)
            .map_err(|_| unreadable(request.route.template, request.body.is_null()))?;
        let identity = body.auth.identity;
        match identity.methods.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["token"] => {
                let method = identity.token.unwrap_or(TokenMethod { id: None, duration_seconds: None });
                let caller = match method.id {
                    Some(text) => self.holder(&text, request)?,
                    None => self.caller(request)?,
                };
                self.temporary_key(request, caller.user, caller.domain, method.duration_seconds)
            }
            ["assume_role"] => {
                let caller = self.caller(request)?;
                let role = identity.assume_role.ok_or_else(|| {
                    Refusal::coded(400, "IAM.0072", "auth.identity.assume_role is required")
                })?;
                let agency = self.agency(&role, &caller)?;
                let user = Party {
                    id: agency.party.id.clone(),
                    name: format!("{}/{}", agency.domain.name, agency.party.name),
                };
                self.temporary_key(request, user, agency.domain.clone(), role.duration_seconds)
            }
            _ => Err(Refusal::coded(400, "IAM.0073", "auth.identity.methods must be token or assume_role")),
        }
    }

    /// The holder of a token that came in the body.
    fn holder(&self, text: &str, request: &Request<'_>) -> Result<Caller, Refusal> {
        let token = Token::read(&self.authority.seal, text, request.now)
            .map_err(|_| Refusal::coded(401, "IAM.0067", "The token is invalid."))?;
        Ok(Caller { user: token.user, domain: token.domain, scope: Some(token.scope) })
    }

    fn temporary_key(
        &self,
        request: &Request<'_>,
        user: Party,
        domain: Party,
        seconds: Option<i64>,
    ) -> Result<Answer, Refusal> {
        let issued = self.authority.issue_moment(request.now);
        let expires = issued + seconds.unwrap_or(DEFAULT_SECONDS) * 1_000_000;
        let seal = &self.authority.seal;
        // Real ones begin with HST; the moment of issue makes each its own.
        let digits = seal.derive("temporary access key", &issued.to_string()).to_ascii_uppercase();
        let letters: String = digits.chars().filter(char::is_ascii_alphanumeric).take(17).collect();
        let temporary = Temporary {
            access_key: format!("HST{letters}"),
            generation: seal.generation(),
            expires,
            user,
            domain,
        };
        let credential = json!({
            "access": temporary.access_key,
            "secret": temporary.secret_key(seal).as_str(),
            "securitytoken": temporary.mint(seal).as_str(),
            "expires_at": in_words(expires),
        });
        let answer = Answer::json(201, json!({ "credential": credential }));
        Ok(answer.header("cache-control", HeaderValue::from_static("no-store")))
    }
}
