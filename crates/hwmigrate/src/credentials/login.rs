//! Turns credentials into something that can be put into a request.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::HeaderValue;
use hwmigrate_api::{Request, Secret, Service};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clock;
use crate::config::Audience;
use crate::credentials::{Credentials, Given, Source, metadata};
use crate::error::parse::request_id;
use crate::error::{Error, ErrorKind, Result};
use crate::signing::Keys;
use crate::token::{Identity, Issued, Proof};
use crate::transport::operation::{CREATE_TOKEN, Op, TEMPORARY_KEY};
use crate::transport::{Answer, Auth, Limits, Shared};

/// The documented life of a token, for an answer that does not say.
const TOKEN_LIFETIME: time::Duration = time::Duration::hours(24);

/// Longest time that a call spends on renewing a token that is still good.
const EARLY_PATIENCE: Duration = Duration::from_secs(10);

/// How long temporary keys of an agency live; they are renewed as needed.
const AGENCY_KEY_SECONDS: u32 = 3600;

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Scope<'a> {
    Project(Named<'a>),
    Domain(Named<'a>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Named<'a> {
    Id(Cow<'a, str>),
    Name(Cow<'a, str>),
}

impl Shared {
    /// What requests about the client's own project are proven with at this moment.
    pub(crate) async fn issued(self: &Arc<Self>, limits: Limits) -> Result<Arc<Issued>> {
        // OMS always means the client's own project.
        self.issued_for(Service::Oms, limits).await
    }

    /// What requests to a service are proven with. Closures that never answer end at the deadline, too.
    pub(crate) async fn issued_for(
        self: &Arc<Self>,
        service: Service,
        limits: Limits,
    ) -> Result<Arc<Issued>> {
        let left = limits.deadline.saturating_duration_since(clock::instant());
        let login = || {
            let shared = Arc::clone(self);
            async move {
                let audience = shared.config.audience(service);
                shared.obtain(&shared.config.credentials, audience, limits).await
            }
            .boxed()
        };
        let tokens = &self.session(self.config.audience(service)).tokens;
        let patience = (left / 2).min(EARLY_PATIENCE);
        let issued = tokens.get(self.server_now(), limits.deadline, patience, login);
        clock::within(Duration::MAX, limits.deadline, issued).await.unwrap_or_else(|| {
            let limit = limits.total();
            Err(Error::new(
                ErrorKind::Timeout,
                format!("the login did not end within its limit of {limit:.0?}"),
            )
            .with_advice("give the call a longer limit, or check where the credentials come from"))
        })
    }

    /// Follows the recipe of `credentials`. Those that only serve to get an
    /// agency's are for the account.
    fn obtain<'a>(
        self: &'a Arc<Self>,
        credentials: &'a Credentials,
        audience: Audience<'a>,
        limits: Limits,
    ) -> BoxFuture<'a, Result<Issued>> {
        async move {
            match &*credentials.source {
                Source::Password { .. } => self.by_password(credentials, audience, limits).await,
                Source::Token { token, expires_at } => {
                    let proof = Proof::Token(token_header(token)?);
                    Ok(self.issue(proof, *expires_at, Identity::default()))
                }
                Source::AccessKey(keys) => {
                    Ok(self.issue(Proof::Keys(keys.clone()), None, Identity::default()))
                }
                Source::Agency { base, agency, domain } => {
                    let audience = narrowed(credentials, audience);
                    self.by_agency(base, agency, domain, audience, limits).await
                }
                Source::Metadata { base } => {
                    let (keys, end) = metadata::ask(base, limits).await?;
                    Ok(self.issue(Proof::Keys(keys), end, Identity::default()))
                }
                Source::Function(provide) => {
                    let credential = provide().await?;
                    let proof = match credential.given {
                        Given::Token(token) => Proof::Token(token_header(&token)?),
                        Given::Keys(keys) => Proof::Keys(keys),
                    };
                    Ok(self.issue(proof, credential.expires_at, Identity::default()))
                }
            }
        }
        .boxed()
    }

    fn issue(&self, proof: Proof, expires_at: Option<OffsetDateTime>, identity: Identity) -> Issued {
        Issued::new(proof, expires_at, identity, self.server_now(), self.draw())
    }

    fn scope<'a>(&'a self, domain: &'a str, audience: Audience<'a>) -> Scope<'a> {
        match (audience, &self.config.project_id, self.config.project_name()) {
            (Audience::Region(name), ..) => Scope::Project(Named::Name(Cow::from(name))),
            (Audience::Client, Some(id), _) => Scope::Project(Named::Id(Cow::from(&**id))),
            (Audience::Client, None, Some(name)) => Scope::Project(Named::Name(Cow::from(name))),
            (Audience::Client, None, None) | (Audience::Account, ..) => {
                Scope::Domain(Named::Name(Cow::from(domain)))
            }
        }
    }

    async fn by_password(
        self: &Arc<Self>,
        credentials: &Credentials,
        audience: Audience<'_>,
        limits: Limits,
    ) -> Result<Issued> {
        let Source::Password { domain, user, password, totp } = &*credentials.source else {
            return Err(Error::config("these credentials have no password"));
        };
        let scope = self.scope(domain, narrowed(credentials, audience));
        let mut methods = vec!["password"];
        let mut code = None;
        if let Some(totp) = totp {
            methods.push("totp");
            code = Some((&totp.user_id, totp.passcode.ask().await?));
        }
        let body = TokenRequest {
            auth: AuthPart {
                identity: IdentityPart {
                    methods,
                    password: Some(PasswordPart {
                        user: UserPart {
                            name: user,
                            password: password.expose(),
                            domain: NamePart { name: domain },
                        },
                    }),
                    totp: code
                        .as_ref()
                        .map(|(id, code)| TotpPart { user: TotpUser { id, passcode: code.expose() } }),
                    assume_role: None,
                },
                scope: Some(scope),
            },
        };
        let answer = self.iam_post(CREATE_TOKEN, &body, limits, Auth::None).await;
        let answer = answer.map_err(|error| {
            if error.status() == Some(401) {
                error.with_advice(
                    "check account name, user name and password; a HUAWEI ID cannot log in here, use an IAM \
                     user with programmatic access; several wrong passwords lock the user for a while",
                )
            } else {
                error
            }
        })?;
        self.token_of(answer)
    }

    async fn by_agency(
        self: &Arc<Self>,
        base: &Credentials,
        agency: &str,
        domain: &str,
        audience: Audience<'_>,
        limits: Limits,
    ) -> Result<Issued> {
        let base = self.obtain(base, Audience::Account, limits).await?;
        let role = RolePart { agency_name: agency, domain_name: domain, duration_seconds: None };
        match &base.proof {
            Proof::Token(_) => {
                let body = TokenRequest {
                    auth: AuthPart {
                        identity: IdentityPart::assume(role),
                        scope: Some(self.scope(domain, audience)),
                    },
                };
                let auth = Auth::Proof(&base.proof);
                let answer = self.iam_post(CREATE_TOKEN, &body, limits, auth).await?;
                self.token_of(answer)
            }
            Proof::Keys(_) => {
                let role = RolePart { duration_seconds: Some(AGENCY_KEY_SECONDS), ..role };
                let body =
                    TokenRequest { auth: AuthPart { identity: IdentityPart::assume(role), scope: None } };
                let auth = Auth::Proof(&base.proof);
                let answer = self.iam_post(TEMPORARY_KEY, &body, limits, auth).await?;
                let (keys, expires_at) = temporary_key(&answer)?;
                Ok(self.issue(Proof::Keys(keys), expires_at, Identity::default()))
            }
        }
    }

    /// A temporary access key for the client's own token.
    pub(crate) async fn own_temporary_key(
        self: &Arc<Self>,
        seconds: u32,
        limits: Limits,
    ) -> Result<(Keys, Option<OffsetDateTime>)> {
        let body =
            json!({"auth": {"identity": {"methods": ["token"], "token": {"duration_seconds": seconds}}}});
        let answer = self.iam_post(TEMPORARY_KEY, &body, limits, Auth::Client).await?;
        temporary_key(&answer)
    }

    /// A request to IAM with a body of its own making.
    async fn iam_post(
        self: &Arc<Self>,
        op: Op,
        body: &(impl Serialize + Sync),
        limits: Limits,
        auth: Auth<'_>,
    ) -> Result<Answer> {
        let mut request = Request::new(op, &[]);
        if op == CREATE_TOKEN {
            request = request.query("nocatalog", &true).map_err(Error::from_generated)?;
        }
        let request = request.json(body).map_err(Error::from_generated)?;
        self.execute(&request, limits, auth).await
    }

    fn token_of(&self, answer: Answer) -> Result<Issued> {
        // The server's time decides when its token ends.
        self.learn_skew(&answer.headers, time::Duration::seconds(5));
        let mut token = answer
            .headers
            .get("x-subject-token")
            .cloned()
            .ok_or_else(|| answer.lacks(CREATE_TOKEN, "the header X-Subject-Token"))?;
        token.set_sensitive(true);
        let body: TokenAnswer = serde_json::from_slice(&answer.body)
            .map_err(|_| answer.lacks(CREATE_TOKEN, "a readable token"))?;
        let expires_at = body.token.end().unwrap_or_else(|| self.server_now() + TOKEN_LIFETIME);
        Ok(self.issue(Proof::Token(token), Some(expires_at), body.token.identity()))
    }
}

/// Credentials may be meant for the account only.
fn narrowed<'a>(credentials: &Credentials, audience: Audience<'a>) -> Audience<'a> {
    if credentials.domain_scope { Audience::Account } else { audience }
}

fn token_header(token: &Secret) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(token.expose().trim()).map_err(|_| {
        Error::config("the token holds characters that a header cannot carry; look for line ends inside it")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl Answer {
    /// The error of a success that is not what a login needs. It quotes nothing.
    pub(crate) fn lacks(&self, op: Op, what: &str) -> Error {
        Error::new(ErrorKind::Decode, format!("the answer lacks {what}"))
            .with_operation(op.id)
            .with_status(self.status.as_u16())
            .with_request_id(request_id(&self.headers))
    }
}

fn temporary_key(answer: &Answer) -> Result<(Keys, Option<OffsetDateTime>)> {
    read_key(&answer.body).ok_or_else(|| answer.lacks(TEMPORARY_KEY, "a readable access key"))
}

/// A temporary key and its end, as IAM and the metadata service of a server write them.
pub(crate) fn read_key(body: &[u8]) -> Option<(Keys, Option<OffsetDateTime>)> {
    let read: KeyAnswer = serde_json::from_slice(body).ok()?;
    let KeyPart { access, secret, securitytoken, expires_at } = read.credential;
    let end = expires_at.and_then(|end| OffsetDateTime::parse(&end, &Rfc3339).ok());
    Some((Keys { access, secret, security_token: Some(securitytoken) }, end))
}

#[derive(Serialize)]
struct TokenRequest<'a> {
    auth: AuthPart<'a>,
}

#[derive(Serialize)]
struct AuthPart<'a> {
    identity: IdentityPart<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope<'a>>,
}

#[derive(Serialize)]
struct IdentityPart<'a> {
    methods: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<PasswordPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    totp: Option<TotpPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assume_role: Option<RolePart<'a>>,
}

impl<'a> IdentityPart<'a> {
    fn assume(role: RolePart<'a>) -> Self {
        Self { methods: vec!["assume_role"], password: None, totp: None, assume_role: Some(role) }
    }
}

#[derive(Serialize)]
struct PasswordPart<'a> {
    user: UserPart<'a>,
}

#[derive(Serialize)]
struct UserPart<'a> {
    name: &'a str,
    password: &'a str,
    domain: NamePart<'a>,
}

#[derive(Serialize)]
struct NamePart<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct TotpPart<'a> {
    user: TotpUser<'a>,
}

#[derive(Serialize)]
struct TotpUser<'a> {
    id: &'a str,
    passcode: &'a str,
}

#[derive(Serialize)]
struct RolePart<'a> {
    agency_name: &'a str,
    domain_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_seconds: Option<u32>,
}

#[derive(Deserialize)]
pub(crate) struct TokenAnswer {
    pub(crate) token: TokenPart,
}

#[derive(Deserialize)]
pub(crate) struct TokenPart {
    expires_at: Option<String>,
    project: Option<OwnerPart>,
    domain: Option<OwnerPart>,
    user: Option<OwnerPart>,
}

#[derive(Deserialize)]
struct OwnerPart {
    id: Option<String>,
    name: Option<String>,
    domain: Option<Box<OwnerPart>>,
}

impl TokenPart {
    pub(crate) fn end(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(self.expires_at.as_deref()?, &Rfc3339).ok()
    }

    pub(crate) fn identity(self) -> Identity {
        let (project_id, project_domain) =
            self.project.map_or((None, None), |project| (project.id, project.domain));
        let (user, user_domain) = self.user.map_or((None, None), |user| (user.name, user.domain));
        // The account of the project is the one that pays and owns; for an
        // agency it differs from the caller's.
        let domain = project_domain.or(self.domain.map(Box::new)).or(user_domain);
        let (domain_id, domain) = domain.map_or((None, None), |domain| (domain.id, domain.name));
        Identity { project_id, domain_id, domain, user }
    }
}

#[derive(Deserialize)]
struct KeyAnswer {
    credential: KeyPart,
}

#[derive(Deserialize)]
struct KeyPart {
    access: Secret,
    secret: Secret,
    securitytoken: Secret,
    expires_at: Option<String>,
}
