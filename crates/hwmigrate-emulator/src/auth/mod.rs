//! Who is calling, proven.
//!
//! A caller shows a token or a signature. Both are checked as the gateway of
//! the real service does, with its codes and its words, and neither needs a
//! table of sessions: tokens and temporary keys carry what they say.

pub(crate) mod lockout;
pub(crate) mod seal;
pub(crate) mod signature;
pub(crate) mod token;
pub(crate) mod totp;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use http::HeaderMap;
use hwmigrate_api::Secret;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::http::call::ApiError;

use self::lockout::Lockout;
use self::seal::Seal;
use self::signature::{Claim, Signed};
use self::token::{Party, Refused, Scope, Temporary, Token, micros};

/// How a caller proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthKind {
    Nothing,
    Token,
    Signature,
    TemporarySignature,
}

impl AuthKind {
    /// The word for the journal.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Token => "token",
            Self::Signature => "signature",
            Self::TemporarySignature => "temporary signature",
        }
    }

    /// What a request shows, before anyone checks it.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        if headers.contains_key("x-auth-token") {
            Self::Token
        } else if headers.contains_key("authorization") {
            if headers.contains_key("x-security-token") { Self::TemporarySignature } else { Self::Signature }
        } else {
            Self::Nothing
        }
    }
}

/// A caller who proved who they are.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user: Party,
    pub(crate) domain: Party,
    /// The scope of the token; `None` for a key, which is good for all projects of its account.
    pub(crate) scope: Option<Scope>,
}

/// A permanent access key and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct KeyOwner {
    pub(crate) secret_key: Secret,
    pub(crate) user: Party,
    pub(crate) domain: Party,
}

/// Checks tokens and signatures.
pub(crate) struct Authority {
    pub(crate) seal: Seal,
    keys: BTreeMap<String, KeyOwner>,
    /// Keys whose signatures were wrong too often.
    key_locks: Lockout,
    /// The moment of issue of the newest token.
    newest: AtomicI64,
}

impl Authority {
    /// An authority over these keys.
    pub(crate) fn new(seal: Seal, keys: BTreeMap<String, KeyOwner>) -> Self {
        let minutes = time::Duration::minutes;
        Self { seal, keys, key_locks: Lockout::new(5, minutes(60), minutes(5)), newest: AtomicI64::new(0) }
    }

    /// A moment for something that is issued now: never the same twice.
    pub(crate) fn issue_moment(&self, now: OffsetDateTime) -> i64 {
        let next = |newest: i64| micros(now).max(newest + 1);
        match self.newest.fetch_update(Ordering::AcqRel, Ordering::Acquire, |newest| Some(next(newest))) {
            Ok(before) | Err(before) => next(before),
        }
    }

    /// Who is calling.
    pub(crate) fn caller(&self, request: &Signed<'_>, now: OffsetDateTime) -> Result<Caller, ApiError> {
        let text = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(token) = text("x-auth-token") {
            let token = Token::read(&self.seal, token, now).map_err(|refused| match refused {
                Refused::Unknown => denied("decrypt token fail"),
                Refused::Expired(at) => denied(&format!("token expires, expires_at: {at}")),
            })?;
            return Ok(Caller { user: token.user, domain: token.domain, scope: Some(token.scope) });
        }
        match text("authorization") {
            Some(header) => {
                let claim = Claim::parse(header).ok_or_else(|| {
                    denied("the Authorization header is not a signature of SDK-HMAC-SHA256")
                })?;
                self.signed(&claim, text("x-security-token"), request, now)
            }
            None => Err(denied("x-auth-token not found")),
        }
    }

    fn signed(
        &self,
        claim: &Claim,
        security_token: Option<&str>,
        request: &Signed<'_>,
        now: OffsetDateTime,
    ) -> Result<Caller, ApiError> {
        let ak = &claim.access_key;
        let (secret_key, user, domain) = match security_token {
            None => {
                let owner = self.keys.get(ak).ok_or_else(|| denied("Get secretKey failed"))?;
                let secret_key = Zeroizing::new(owner.secret_key.expose().to_owned());
                (secret_key, owner.user.clone(), owner.domain.clone())
            }
            Some(text) => {
                let temporary = Temporary::read(&self.seal, text, now).map_err(|refused| match refused {
                    Refused::Unknown => denied("decrypt securityToken fail"),
                    Refused::Expired(at) => denied(&format!("securityToken expires, expires_at: {at}")),
                })?;
                if temporary.access_key != *ak {
                    return Err(denied("the X-Security-Token belongs to another access key"));
                }
                (temporary.secret_key(&self.seal), temporary.user, temporary.domain)
            }
        };
        if self.key_locks.is_locked(ak, now) {
            return Err(denied("AK access failed to reach the limit,forbidden"));
        }
        match claim.verify(request, &secret_key, now) {
            Ok(()) => {
                self.key_locks.succeeded(ak);
                Ok(Caller { user, domain, scope: None })
            }
            Err(why) => {
                self.key_locks.failed(ak, now);
                Err(denied(&why))
            }
        }
    }
}

/// The gateway's way to say that it does not know the caller.
pub(crate) fn denied(why: &str) -> ApiError {
    ApiError::new(401, "APIGW.0301", format!("Incorrect IAM authentication information: {why}"))
}
