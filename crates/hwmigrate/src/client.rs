//! The client.

use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt as _;
use hwmigrate_api::Request;
use serde::Deserialize;
use time::OffsetDateTime;

use crate::builder::ClientBuilder;
use crate::credentials::login::TokenAnswer;
use crate::error::{Error, ErrorKind, Result};
use crate::token::{Identity, Proof};
use crate::transport::operation::{LIST_AUTH_PROJECTS, LIST_PROJECTS, Op, VALIDATE_TOKEN};
use crate::transport::{Auth, Limits, Shared};

/// The door to the services.
///
/// A cheap handle on shared state: clone it, and keep it for as long as
/// possible. All clones share connections, the login, and what was learnt about
/// rate limits. Making one contacts nobody.
///
/// # Blocking callers
/// A program without an executor of its own drives calls by a tokio runtime.
/// One thread: a current-thread runtime with `enable_all`, kept as long as the
/// client, and `block_on` for each call; nothing crosses a thread, which makes
/// it the cheapest way. Many threads with one client: one multi-thread runtime
/// for all, whose `Handle::block_on` each thread calls. A runtime for each call
/// or each thread would give every one of them connections of its own.
///
/// ```no_run
/// # async fn demo() -> hwmigrate::Result<()> {
/// let client = hwmigrate::Client::from_env()?;
/// let login = client.login().await?;
/// println!("project {}", login.project_id.unwrap_or_default());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// What a login found out. Holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Login {
    /// The project that calls go to, when one is known.
    pub project_id: Option<String>,
    /// The account's id, as far as IAM told.
    pub domain_id: Option<String>,
    /// The account's name, as far as IAM told.
    pub domain: Option<String>,
    /// The user's name, as far as IAM told.
    pub user: Option<String>,
    /// When the token or key ends; it is renewed before.
    pub expires_at: Option<OffsetDateTime>,
    /// The kind of credentials, such as `password` or `access_key`.
    pub kind: &'static str,
}

impl Client {
    /// Starts configuring a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// A client from environment variables and profile files alone.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when a setting is missing, malformed, or
    /// contradicts another.
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    /// The region, when one is set.
    pub fn region(&self) -> Option<&str> {
        self.shared.config.region.as_deref()
    }

    /// Checks the credentials against IAM and finds the project.
    ///
    /// Not needed before other calls, which log in by themselves. Use it to
    /// fail early and to show people where they are.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] when the credentials are refused;
    /// [`ErrorKind::Config`] when the project cannot be told, or an access key cannot see the one
    /// that is set; [`ErrorKind::Decode`] when the answer is not one of IAM.
    pub async fn login(&self) -> Result<Login> {
        let limits = self.shared.limits(None, None);
        self.shared.login(limits).await
    }

    /// The project that calls go to: the one set, the one the token is for, or
    /// the one named like the region. Looked up once.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when no or several projects match; the message lists them.
    pub async fn project_id(&self) -> Result<String> {
        let limits = self.shared.limits(None, None);
        self.shared.project_id(limits).await.map(|id| id.to_string())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("region", &self.shared.config.region)
            .field("project_id", &self.shared.known_project())
            .field("credentials", &self.shared.config.credentials)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// The project for the path of a request.
    pub(crate) async fn project_id(self: &Arc<Self>, limits: Limits) -> Result<Arc<str>> {
        if let Some(id) = self.known_project() {
            return Ok(id);
        }
        // Around all of it: waiting for another caller's look-up counts as well.
        let found =
            self.session.owner.get_or_look(limits.deadline, || Arc::clone(self).find_project(limits).boxed());
        match tokio::time::timeout_at(limits.deadline, found).await {
            Ok(found) => found,
            Err(_) => Err(Error::new(
                ErrorKind::Timeout,
                format!("the project was not found within the call's limit of {:.0?}", limits.total()),
            )),
        }
    }

    async fn find_project(self: Arc<Self>, limits: Limits) -> Result<Arc<str>> {
        let issued = self.issued(limits).await?;
        if let Some(id) = &issued.identity.project_id {
            return Ok(Arc::from(id.as_str()));
        }
        if matches!(issued.proof, Proof::Token(_)) {
            // A token for one project can be used with that project only.
            let (identity, _) = self.validate(&issued.proof, limits).await?;
            if let Some(id) = identity.project_id {
                return Ok(Arc::from(id));
            }
        }
        let Some(name) = self.config.project_name() else {
            return Err(Error::config("the project is not known").with_advice(
                "set the project id (`project_id`, HUAWEICLOUD_SDK_PROJECT_ID or HW_PROJECT_ID), or the \
                 region, by whose name it is looked up",
            ));
        };
        let projects = match &issued.proof {
            Proof::Keys(_) => self.projects(LIST_PROJECTS, Some(name), limits).await?,
            Proof::Token(_) => self.projects(LIST_AUTH_PROJECTS, None, limits).await?,
        };
        choose(name, &projects).map(Arc::from)
    }

    /// The projects that a list operation of IAM gives, or those of a name.
    pub(crate) async fn projects(
        self: &Arc<Self>,
        op: Op,
        name: Option<&str>,
        limits: Limits,
    ) -> Result<Vec<ProjectRow>> {
        let request = Request::new(op, &[]).query("name", &name).map_err(Error::from_generated)?;
        let answer = self.execute(&request, limits, Auth::Client).await?;
        let rows: ProjectRows = serde_json::from_slice(&answer.body)
            .map_err(|_| answer.lacks(op, "a readable list of projects"))?;
        Ok(rows.projects)
    }

    /// Whose token this is and when it ends.
    pub(crate) async fn validate(
        self: &Arc<Self>,
        token: &Proof,
        limits: Limits,
    ) -> Result<(Identity, Option<OffsetDateTime>)> {
        let Proof::Token(token) = token else {
            return Err(Error::invalid("only a token can be validated"));
        };
        let token = token.to_str().map_err(|_| Error::invalid("a token is plain text"))?;
        let request = Request::new(VALIDATE_TOKEN, &[]).query("nocatalog", &true);
        let request = request.map_err(Error::from_generated)?.header("X-Subject-Token", token);
        let request = request.map_err(Error::from_generated)?;
        let answer = self.execute(&request, limits, Auth::Client).await?;
        let body: TokenAnswer = serde_json::from_slice(&answer.body)
            .map_err(|_| answer.lacks(VALIDATE_TOKEN, "a readable token"))?;
        let end = body.token.end();
        Ok((body.token.identity(), end))
    }

    async fn login(self: &Arc<Self>, limits: Limits) -> Result<Login> {
        let issued = self.issued(limits).await?;
        let mut identity = issued.identity.clone();
        let mut expires_at = issued.expires_at;
        if matches!(issued.proof, Proof::Token(_)) && identity == Identity::default() {
            let (found, end) = self.validate(&issued.proof, limits).await?;
            identity = found;
            expires_at = expires_at.or(end);
        } else if matches!(issued.proof, Proof::Keys(_)) {
            // Nothing was sent so far; a look at the projects proves the key, and the project that is set.
            let set = self.config.project_id.as_deref();
            let name = self.config.project_name().filter(|_| set.is_none());
            let projects = self.projects(LIST_PROJECTS, name, limits).await?;
            if let Some(id) = set {
                seen(id, &projects)?;
            }
            identity.domain_id = projects.iter().find_map(|project| project.domain_id.clone());
        }
        let project_id = match self.project_id(limits).await {
            Ok(id) => Some(id.to_string()),
            // An account without a region is still a good login.
            Err(_) if self.config.project_name().is_none() => None,
            Err(error) => return Err(error),
        };
        Ok(Login {
            project_id,
            domain_id: identity.domain_id.or_else(|| self.config.domain_id.clone()),
            domain: identity.domain,
            user: identity.user,
            expires_at,
            kind: self.config.credentials.kind(),
        })
    }
}

#[derive(Deserialize)]
struct ProjectRows {
    projects: Vec<ProjectRow>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ProjectRow {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) domain_id: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) enabled: Option<bool>,
}

/// At most 20 projects, for messages.
fn shown(projects: &[&ProjectRow]) -> String {
    let rows = projects.iter().take(20).map(|row| format!("{} ({})", row.id, row.name));
    rows.collect::<Vec<_>>().join(", ")
}

/// An error that lists the candidates unless the project with this id is among them.
fn seen(id: &str, projects: &[ProjectRow]) -> Result<()> {
    if projects.iter().any(|project| project.id == id) {
        return Ok(());
    }
    let all: Vec<_> = projects.iter().collect();
    let there = if all.is_empty() { "see none".to_owned() } else { format!("see: {}", shown(&all)) };
    Err(Error::config(format!("these credentials cannot see the project with the id `{id}`; they {there}"))
        .with_advice(
            "correct the project id (`project_id`, HUAWEICLOUD_SDK_PROJECT_ID or HW_PROJECT_ID), or use the \
             credentials of its account",
        ))
}

/// The one project of that name; an error lists the candidates otherwise.
pub(crate) fn choose<'a>(name: &str, projects: &'a [ProjectRow]) -> Result<&'a str> {
    let exact: Vec<_> = projects.iter().filter(|project| project.name == name).collect();
    if let [one] = exact[..] {
        return Ok(&one.id);
    }
    let all: Vec<_> = projects.iter().collect();
    let message = match (exact.len(), all.len()) {
        (0, 0) => format!("no project is named `{name}`, or these credentials cannot see it"),
        (0, _) => format!("no project is named `{name}`; there are: {}", shown(&all)),
        _ => format!("several projects are named `{name}`: {}", shown(&exact)),
    };
    Err(Error::config(message).with_advice(
        "set the project id (`project_id`, HUAWEICLOUD_SDK_PROJECT_ID or HW_PROJECT_ID); the console lists \
         the ids under My Credentials",
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn rows(rows: &[(&str, &str)]) -> Vec<ProjectRow> {
        let row = |(id, name): &(&str, &str)| ProjectRow {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
            ..ProjectRow::default()
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn the_exact_name_wins() {
        let projects = rows(&[("1", "cn-north-4_sub"), ("2", "cn-north-4")]);
        assert_eq!(choose("cn-north-4", &projects).unwrap(), "2");
    }

    #[test]
    fn several_and_none_list_the_candidates() {
        let several = choose("r", &rows(&[("1", "r"), ("2", "r")])).unwrap_err();
        assert_eq!(several.kind(), ErrorKind::Config);
        assert!(several.to_string().contains("1 (r), 2 (r)"), "{several}");
        let other = choose("r", &rows(&[("1", "x")])).unwrap_err();
        assert!(other.to_string().contains("1 (x)"), "{other}");
        assert!(choose("r", &[]).unwrap_err().to_string().contains("no project is named `r`"));
    }
}
