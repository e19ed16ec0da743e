//! The logins of one client.
//!
//! Nearly always there is one: a token for the client's project, or a key that
//! signs for it. SMS may need another, since it serves most regions from one
//! of another name, and may want the account instead of a project.

use std::sync::{Arc, OnceLock};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hwmigrate_api::{Request, Service};
use serde::Deserialize;
use tokio::time::Instant;

use crate::client::choose;
use crate::clock;
use crate::config::Audience;
use crate::error::{Error, Result};
use crate::flight::Flight;
use crate::token::TokenCache;
use crate::transport::operation::{LIST_AUTH_DOMAINS, LIST_PROJECTS};
use crate::transport::sign::Owner;
use crate::transport::{Auth, Limits, Shared};

/// One login, and for whom it is.
#[derive(Default)]
pub(crate) struct Session {
    pub(crate) tokens: TokenCache,
    /// The project's id, or the account's for a login about the account.
    pub(crate) owner: LookUp,
}

/// Something that is looked up once, by one caller for all who wait for it.
#[derive(Default)]
pub(crate) struct LookUp {
    found: Arc<OnceLock<Arc<str>>>,
    /// With an error, whether the time of the one who looked was up.
    flight: Flight<Result<Arc<str>, (Error, bool)>>,
}

impl LookUp {
    /// What was found, if anything was.
    pub(crate) fn get(&self) -> Option<Arc<str>> {
        self.found.get().cloned()
    }

    /// What was found, after a look where one is needed. Whoever waits for the
    /// look of another shares its outcome, good or bad; later callers look again.
    pub(crate) async fn get_or_look(
        &self,
        deadline: Instant,
        look: impl Fn() -> BoxFuture<'static, Result<Arc<str>>>,
    ) -> Result<Arc<str>> {
        loop {
            if let Some(found) = self.get() {
                return Ok(found);
            }
            let joined = self.flight.join(|| {
                let (found, look) = (Arc::clone(&self.found), look());
                async move {
                    let outcome = look.await.map_err(|error| (error, clock::instant() >= deadline))?;
                    Ok(Arc::clone(found.get_or_init(|| outcome)))
                }
                .boxed()
            });
            match joined.await {
                // Those who joined may have longer.
                (Err((_, true)), false) => {}
                (outcome, _) => return outcome.map_err(|(error, _)| error),
            }
        }
    }
}

impl Shared {
    pub(crate) fn session(&self, audience: Audience<'_>) -> &Session {
        match audience {
            Audience::Client => &self.session,
            Audience::Region(_) | Audience::Account => &self.sms_session,
        }
    }

    /// Whose resources a signed request means.
    ///
    /// The paths of OMS hold the project, so it is known by now. Those of SMS
    /// hold none: it is looked up here, for calls of every kind.
    pub(crate) async fn owner(
        self: &Arc<Self>,
        service: Service,
        auth: Auth<'_>,
        limits: Limits,
    ) -> Result<Owner> {
        match (service, auth, self.config.audience(service)) {
            (Service::Iam, ..) => Ok(Owner::Account(self.config.domain_id.as_deref().map(Arc::from))),
            (Service::Sms, Auth::Client, Audience::Client) => {
                Ok(Owner::Project(Some(self.own_project(limits).await?)))
            }
            (Service::Sms, Auth::Client, audience) => {
                let look = || self.find_owner(service, limits);
                let id = self.session(audience).owner.get_or_look(limits.deadline, look).await?;
                Ok(match audience {
                    Audience::Account => Owner::Account(Some(id)),
                    _ => Owner::Project(Some(id)),
                })
            }
            _ => Ok(Owner::Project(self.known_project())),
        }
    }

    // Boxed, since the look-up is a call like the one that it is for.
    fn own_project(self: &Arc<Self>, limits: Limits) -> BoxFuture<'_, Result<Arc<str>>> {
        self.project_id(limits).boxed()
    }

    fn find_owner(
        self: &Arc<Self>,
        service: Service,
        limits: Limits,
    ) -> BoxFuture<'static, Result<Arc<str>>> {
        let shared = Arc::clone(self);
        async move {
            match shared.config.audience(service) {
                Audience::Client => shared.project_id(limits).await,
                Audience::Region(name) => {
                    let projects = shared.projects(LIST_PROJECTS, Some(name), limits).await?;
                    choose(name, &projects).map(Arc::from)
                }
                Audience::Account => match &shared.config.domain_id {
                    Some(id) => Ok(Arc::from(id.as_str())),
                    None => shared.find_account(limits).await,
                },
            }
        }
        .boxed()
    }

    async fn find_account(self: &Arc<Self>, limits: Limits) -> Result<Arc<str>> {
        let op = LIST_AUTH_DOMAINS;
        let answer = self.execute(&Request::new(op, &[]), limits, Auth::Client).await?;
        let rows: Accounts = serde_json::from_slice(&answer.body)
            .map_err(|_| answer.lacks(op, "a readable list of accounts"))?;
        rows.domains.into_iter().next().map(|account| Arc::from(account.id)).ok_or_else(|| {
            Error::config("the account's id is not known, and IAM lists none for these credentials").with_advice(
                "set the account id (`domain_id`, HUAWEICLOUD_SDK_DOMAIN_ID or HW_DOMAIN_ID); the console \
                 shows it under My Credentials",
            )
        })
    }
}

#[derive(Deserialize)]
struct Accounts {
    #[serde(default)]
    domains: Vec<Account>,
}

#[derive(Deserialize)]
struct Account {
    id: String,
}
