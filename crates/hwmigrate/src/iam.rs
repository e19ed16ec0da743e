//! Identity: projects, tokens, temporary keys.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use hwmigrate_api::Secret;
use time::OffsetDateTime;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::token::Proof;
use crate::transport::call::ClientTransport;
use crate::transport::operation::{LIST_AUTH_PROJECTS, LIST_PROJECTS};

/// The calls of IAM that go with a migration.
///
/// ```no_run
/// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
/// for project in client.iam().projects().await? {
///     println!("{} {}", project.id, project.name);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Iam {
    client: Client,
}

/// A project that the credentials reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Project {
    /// Its id, which the paths of the services hold.
    pub id: String,
    /// Its name; the region's id for the built-in project of a region.
    pub name: String,
    /// The account that it belongs to.
    pub domain_id: Option<String>,
    /// What its owner wrote about it.
    pub description: Option<String>,
    /// Whether it can be used.
    pub enabled: Option<bool>,
}

/// What IAM says about a token. Holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenInfo {
    /// The project that it is for, unless it is for the account.
    pub project_id: Option<String>,
    /// The account's id.
    pub domain_id: Option<String>,
    /// The account's name.
    pub domain: Option<String>,
    /// The user's name.
    pub user: Option<String>,
    /// Its end.
    pub expires_at: Option<OffsetDateTime>,
}

/// A temporary access key; all three parts are used together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemporaryAccessKey {
    /// The access key id.
    pub access: Secret,
    /// The secret access key.
    pub secret: Secret,
    /// The security token that goes with them.
    pub security_token: Secret,
    /// Their end.
    pub expires_at: Option<OffsetDateTime>,
}

impl Client {
    /// The calls of IAM.
    pub fn iam(&self) -> Iam {
        Iam { client: self.clone() }
    }
}

impl Iam {
    /// The projects that these credentials reach.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`](crate::ErrorKind::Auth) when an access key lacks
    /// the permission to list projects; tokens need none.
    pub async fn projects(&self) -> Result<Vec<Project>> {
        let shared = &self.client.shared;
        let limits = shared.limits(None, None);
        let operation = match shared.issued(limits).await?.proof {
            Proof::Token(_) => LIST_AUTH_PROJECTS,
            Proof::Keys(_) => LIST_PROJECTS,
        };
        let rows = shared.projects(operation, None, limits).await?;
        let project = |row: crate::client::ProjectRow| Project {
            id: row.id,
            name: row.name,
            domain_id: row.domain_id,
            description: row.description,
            enabled: row.enabled,
        };
        Ok(rows.into_iter().map(project).collect())
    }

    /// Whose token this is, and when it ends.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) or
    /// [`ErrorKind::Auth`](crate::ErrorKind::Auth) when it is no valid token
    /// of this account.
    pub async fn validate_token(&self, token: &Secret) -> Result<TokenInfo> {
        let mut value = HeaderValue::from_str(token.expose().trim())
            .map_err(|_| Error::invalid("the token holds characters that a header cannot carry"))?;
        value.set_sensitive(true);
        let shared = &self.client.shared;
        let (identity, expires_at) = shared.validate(&Proof::Token(value), shared.limits(None, None)).await?;
        Ok(TokenInfo {
            project_id: identity.project_id,
            domain_id: identity.domain_id,
            domain: identity.domain,
            user: identity.user,
            expires_at,
        })
    }

    /// Makes a temporary access key with the rights of the present token.
    /// `lifetime` is 15 minutes to 24 hours.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for another lifetime;
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when the client has no token but signs requests.
    pub async fn temporary_access_key(&self, lifetime: Duration) -> Result<TemporaryAccessKey> {
        let seconds = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX);
        if !(900..=86_400).contains(&seconds) {
            return Err(Error::invalid("`lifetime` must be between 15 minutes and 24 hours"));
        }
        let shared = &self.client.shared;
        let limits = shared.limits(None, None);
        if matches!(shared.issued(limits).await?.proof, Proof::Keys(_)) {
            return Err(Error::config("temporary keys are made from a token; log in by password to get one"));
        }
        let (keys, expires_at) = shared.own_temporary_key(seconds, limits).await?;
        let security_token = keys.security_token.unwrap_or_default();
        Ok(TemporaryAccessKey { access: keys.access, secret: keys.secret, security_token, expires_at })
    }

    /// The generated client of IAM, authenticated and retried as every other
    /// call. [`Error::from_generated`] turns its errors into ours.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when the HTTP client cannot be set up.
    pub fn api(&self) -> Result<hwmigrate_api::iam::Client> {
        let shared = &self.client.shared;
        shared.iam_client(Arc::new(ClientTransport(Arc::clone(shared))))
    }
}

impl fmt::Display for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.id, self.name)
    }
}
