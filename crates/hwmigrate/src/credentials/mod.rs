//! Who the client is.
//!
//! A [`Credentials`] value is a recipe, not a login: nothing is sent until the
//! first call needs it, and then once for all callers. Tokens and temporary
//! keys are renewed before they end.

pub(crate) mod login;
pub(crate) mod metadata;

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hwmigrate_api::Secret;
use time::OffsetDateTime;

use crate::error::{Error, ErrorKind, Result};
use crate::signing::Keys;

/// How the client proves who it is.
///
/// ```
/// use hwmigrate::{Credentials, Secret};
///
/// let by_password = Credentials::password("my-account", "migrator", Secret::from("made-up"));
/// let by_key = Credentials::access_key(Secret::from("MADEUPKEY"), Secret::from("made-up"));
/// assert!(!format!("{by_password:?} {by_key:?}").contains("made-up"));
/// ```
#[derive(Clone)]
pub struct Credentials {
    pub(crate) source: Arc<Source>,
    pub(crate) domain_scope: bool,
}

pub(crate) enum Source {
    Password { domain: String, user: String, password: Secret, totp: Option<Totp> },
    Token { token: Secret, expires_at: Option<OffsetDateTime> },
    AccessKey(Keys),
    Agency { base: Credentials, agency: String, domain: String },
    Metadata { base: String },
    Function(Provide),
}

pub(crate) struct Totp {
    pub(crate) user_id: String,
    pub(crate) passcode: Passcode,
}

type Provide = Box<dyn Fn() -> BoxFuture<'static, Result<Credential>> + Send + Sync>;

impl Credentials {
    /// An IAM user's password; gives a token for the project or account.
    ///
    /// `domain` is the name of the account. For the account itself the user
    /// name equals the account name. A HUAWEI ID cannot log in this way; use
    /// an IAM user.
    pub fn password(domain: impl Into<String>, user: impl Into<String>, password: Secret) -> Self {
        Self::of(Source::Password { domain: domain.into(), user: user.into(), password, totp: None })
    }

    /// A password and the code of a virtual MFA device.
    ///
    /// IAM wants the user's *id* beside the name here. A fixed code is good
    /// for one login only; give a closure by [`Passcode::from_fn`] to be able to
    /// log in again when the token ends.
    pub fn password_totp(
        domain: impl Into<String>,
        user: impl Into<String>,
        password: Secret,
        user_id: impl Into<String>,
        passcode: impl Into<Passcode>,
    ) -> Self {
        let totp = Some(Totp { user_id: user_id.into(), passcode: passcode.into() });
        Self::of(Source::Password { domain: domain.into(), user: user.into(), password, totp })
    }

    /// A token that the caller already has. It cannot be renewed; calls fail
    /// with [`ErrorKind::Auth`] once it has ended.
    pub fn token(token: Secret, expires_at: Option<OffsetDateTime>) -> Self {
        Self::of(Source::Token { token, expires_at })
    }

    /// A permanent access key; every request is signed.
    pub fn access_key(access: Secret, secret: Secret) -> Self {
        Self::of(Source::AccessKey(Keys { access, secret, security_token: None }))
    }

    /// A temporary access key with its security token; every request is signed.
    pub fn temporary(access: Secret, secret: Secret, security_token: Secret) -> Self {
        Self::of(Source::AccessKey(Keys { access, secret, security_token: Some(security_token) }))
    }

    /// The rights that another account has delegated to this one.
    ///
    /// `base` logs in to its own account first and needs the permission Agent
    /// Operator there; `domain_name` is the account that made the agency.
    pub fn agency(base: Credentials, agency_name: impl Into<String>, domain_name: impl Into<String>) -> Self {
        Self::of(Source::Agency { base, agency: agency_name.into(), domain: domain_name.into() })
    }

    /// The agency of the cloud server (ECS) that this process runs on: its
    /// metadata service gives temporary keys, which are renewed before they end.
    ///
    /// It is asked over the link-local address that every such server has,
    /// never through a proxy. The setting `metadata` means the same.
    pub fn metadata() -> Self {
        Self::metadata_at("http://169.254.169.254")
    }

    /// As [`metadata`](Self::metadata), at another address of this machine or
    /// its link, such as a stand-in in tests. Any other address is refused.
    pub fn metadata_at(base_url: impl Into<String>) -> Self {
        Self::of(Source::Metadata { base: base_url.into() })
    }

    /// Whatever the closure returns; it is asked again when that ends or is refused.
    ///
    /// ```
    /// use hwmigrate::{Credential, Credentials, Secret};
    ///
    /// let credentials = Credentials::from_fn(|| async {
    ///     let token = std::fs::read_to_string("/run/secrets/token")?;
    ///     std::io::Result::Ok(Credential::token(Secret::from(token.trim()), None))
    /// });
    /// # let _ = credentials;
    /// ```
    pub fn from_fn<F, Fut, E>(provide: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Credential, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self::of(Source::Function(Box::new(move || provide().map(|given| given.map_err(wrap)).boxed())))
    }

    /// Asks for a token of the whole account instead of one project.
    ///
    /// Account-wide services want this; OMS wants a project.
    #[must_use]
    pub fn domain_scope(mut self) -> Self {
        self.domain_scope = true;
        self
    }

    /// What kind of login this is, in one word.
    pub fn kind(&self) -> &'static str {
        match &*self.source {
            Source::Password { totp: None, .. } => "password",
            Source::Password { totp: Some(_), .. } => "password_totp",
            Source::Token { .. } => "token",
            Source::AccessKey(Keys { security_token: None, .. }) => "access_key",
            Source::AccessKey(_) => "temporary_access_key",
            Source::Agency { .. } => "agency",
            Source::Metadata { .. } => "metadata",
            Source::Function(_) => "function",
        }
    }

    fn of(source: Source) -> Self {
        Self { source: Arc::new(source), domain_scope: false }
    }

    /// Whether asking once more can give something new.
    pub(crate) fn is_renewable(&self) -> bool {
        !matches!(&*self.source, Source::Token { .. } | Source::AccessKey(_))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Credentials");
        shown.field("kind", &self.kind());
        match &*self.source {
            Source::Password { domain, user, .. } => {
                shown.field("domain", domain).field("user", user);
            }
            Source::Agency { base, agency, domain } => {
                shown.field("agency", agency).field("domain", domain).field("base", base);
            }
            Source::Metadata { base } => {
                shown.field("base", base);
            }
            Source::Token { .. } | Source::AccessKey(_) | Source::Function(_) => {}
        }
        shown.finish_non_exhaustive()
    }
}

/// What a closure of [`Credentials::from_fn`] returns: a secret and its end.
#[derive(Clone, Debug)]
pub struct Credential {
    pub(crate) given: Given,
    pub(crate) expires_at: Option<OffsetDateTime>,
}

#[derive(Clone, Debug)]
pub(crate) enum Given {
    Token(Secret),
    Keys(Keys),
}

impl Credential {
    /// An IAM token. Without an end it is used until the service refuses it.
    pub fn token(token: Secret, expires_at: Option<OffsetDateTime>) -> Self {
        Self { given: Given::Token(token), expires_at }
    }

    /// A permanent access key.
    pub fn access_key(access: Secret, secret: Secret) -> Self {
        Self { given: Given::Keys(Keys { access, secret, security_token: None }), expires_at: None }
    }

    /// A temporary access key with its security token.
    pub fn temporary(
        access: Secret,
        secret: Secret,
        security_token: Secret,
        expires_at: Option<OffsetDateTime>,
    ) -> Self {
        Self { given: Given::Keys(Keys { access, secret, security_token: Some(security_token) }), expires_at }
    }
}

/// The code of a virtual MFA device.
pub struct Passcode(Ask);

type Ask = Box<dyn Fn() -> BoxFuture<'static, Result<Secret>> + Send + Sync>;

impl Passcode {
    /// Asks the closure at every login.
    pub fn from_fn<F, Fut, E>(ask: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Secret, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self(Box::new(move || ask().map(|code| code.map_err(wrap)).boxed()))
    }

    pub(crate) async fn ask(&self) -> Result<Secret> {
        (self.0)().await
    }
}

impl From<Secret> for Passcode {
    fn from(code: Secret) -> Self {
        Self(Box::new(move || std::future::ready(Ok(code.clone())).boxed()))
    }
}

impl fmt::Debug for Passcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(hwmigrate_api::REDACTED)
    }
}

/// Keeps an error of our own as it is; any other becomes the cause of one.
fn wrap(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    match error.into().downcast::<Error>() {
        Ok(own) => *own,
        Err(other) => {
            Error::new(ErrorKind::Auth, "the closure that provides credentials failed").with_source(other)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn canary() -> Secret {
        Secret::from("canary-secret")
    }

    #[test]
    fn no_kind_of_credentials_shows_its_secrets() {
        let base = Credentials::password_totp("acc", "user", canary(), "id-1", canary());
        let all = [
            Credentials::password("acc", "user", canary()),
            base.clone(),
            Credentials::token(canary(), None),
            Credentials::access_key(canary(), canary()),
            Credentials::temporary(canary(), canary(), canary()),
            Credentials::agency(base, "agency", "other"),
            Credentials::metadata(),
            Credentials::from_fn(|| async { Ok::<_, Error>(Credential::token(canary(), None)) }),
        ];
        for credentials in all {
            let shown = format!("{credentials:?} {credentials:#?}");
            assert!(shown.contains(credentials.kind()), "{shown}");
            assert!(!shown.contains("canary"), "{shown}");
        }
        let given = [
            Credential::token(canary(), None),
            Credential::access_key(canary(), canary()),
            Credential::temporary(canary(), canary(), canary(), None),
        ];
        assert!(!format!("{given:?} {:?}", Passcode::from(canary())).contains("canary"));
    }

    #[tokio::test]
    async fn a_foreign_error_becomes_the_cause_of_ours() {
        let foreign = Credentials::from_fn(|| async { Err(std::io::Error::other("vault sealed")) });
        let Source::Function(provide) = &*foreign.source else { unreachable!() };
        let error = provide().await.unwrap_err();
        assert!(error.is_auth());
        assert!(error.chain().ends_with("vault sealed"), "{}", error.chain());

        let own = Credentials::from_fn(|| async { Err(Error::config("no vault address")) });
        let Source::Function(provide) = &*own.source else { unreachable!() };
        assert_eq!(provide().await.unwrap_err().kind(), ErrorKind::Config);
    }
}
