//! Tokens: what `X-Auth-Token` and `X-Security-Token` carry.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use super::seal::Seal;

/// How real tokens begin, and ours.
const PREFIX: &str = "MII";

/// What a token stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    /// See [`Seal::generation`].
    pub(crate) generation: u64,
    /// Microseconds since 1970; never the same twice.
    pub(crate) issued: i64,
    /// Microseconds since 1970.
    pub(crate) expires: i64,
    pub(crate) user: Party,
    /// The account of the user.
    pub(crate) domain: Party,
    pub(crate) scope: Scope,
    /// How it was obtained.
    pub(crate) methods: Vec<String>,
    /// Who took on the agency, for a token of an agency: the user and the account.
    pub(crate) assumed_by: Option<(Party, Party)>,
    /// When the passcode was checked, for a token of two factors.
    pub(crate) mfa: Option<i64>,
}

/// An id and a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Party {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Party {
    /// The same id under another name.
    pub(crate) fn renamed(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }
}

/// What a token is good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// One project.
    Project(Party),
    /// An account.
    Domain(Party),
}

/// Why a token is not good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Not a token of this emulator.
    Unknown,
    /// It was good once, until the moment given in words.
    Expired(String),
}

/// What a temporary access key says about itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Temporary {
    pub(crate) access_key: String,
    pub(crate) generation: u64,
    pub(crate) expires: i64,
    pub(crate) user: Party,
    pub(crate) domain: Party,
}

impl Token {
    /// The text that callers send.
    pub(crate) fn mint(&self, seal: &Seal) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", seal.close("token", self)))
    }

    /// Reads a text that a caller sent.
    pub(crate) fn read(seal: &Seal, text: &str, now: OffsetDateTime) -> Result<Self, Refused> {
        let token: Self = text
            .strip_prefix(PREFIX)
            .and_then(|text| seal.open_sealed("token", text))
            .ok_or(Refused::Unknown)?;
        if token.generation != seal.generation() || token.expires <= micros(now) {
            return Err(Refused::Expired(in_words(token.expires)));
        }
        Ok(token)
    }
}

impl Temporary {
    /// The text for `X-Security-Token`.
    pub(crate) fn mint(&self, seal: &Seal) -> Zeroizing<String> {
        Zeroizing::new(seal.close("security token", self))
    }

    /// Reads what stands in `X-Security-Token`.
    pub(crate) fn read(seal: &Seal, text: &str, now: OffsetDateTime) -> Result<Self, Refused> {
        let temporary: Self = seal.open_sealed("security token", text).ok_or(Refused::Unknown)?;
        if temporary.generation != seal.generation() || temporary.expires <= micros(now) {
            return Err(Refused::Expired(in_words(temporary.expires)));
        }
        Ok(temporary)
    }

    /// The secret key that belongs to it.
    pub(crate) fn secret_key(&self, seal: &Seal) -> Zeroizing<String> {
        seal.derive("temporary secret key", &self.access_key)
    }
}

/// Microseconds since 1970.
pub(crate) fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// As IAM writes moments: six digits of a second, UTC.
pub(crate) fn in_words(micros: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let format = time::macros::format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z"
    );
    at.format(format).or_else(|_| at.format(&Rfc3339)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use super::*;

    fn token(expires: i64) -> Token {
        let party = |name: &str| Party { id: name.into(), name: name.into() };
        Token {
            generation: 1,
            issued: 1,
            expires,
            user: party("user"),
            domain: party("account"),
            scope: Scope::Project(party("cn-north-4")),
            methods: vec!["password".into()],
            assumed_by: None,
            mfa: None,
        }
    }

    #[test]
    fn token_reads_back_until_it_expires() {
        let dir = tempfile::tempdir().unwrap();
        let seal = Seal::open(dir.path()).unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(10);
        let token = token(20_000_000);
        let text = token.mint(&seal);
        assert!(text.starts_with("MII"));
        assert_eq!(Token::read(&seal, &text, now), Ok(token));
        let late = Token::read(&seal, &text, now + Duration::from_secs(10));
        assert_eq!(late, Err(Refused::Expired("1970-01-01T00:00:20.000000Z".into())));
    }

    #[test]
    fn token_survives_a_restart_and_its_revocation_does_too() {
        let dir = tempfile::tempdir().unwrap();
        let text = token(i64::MAX).mint(&Seal::open(dir.path()).unwrap());
        let again = Seal::open(dir.path()).unwrap();
        assert!(Token::read(&again, &text, OffsetDateTime::UNIX_EPOCH).is_ok());
        again.revoke_all().unwrap();
        let third = Seal::open(dir.path()).unwrap();
        assert!(matches!(Token::read(&third, &text, OffsetDateTime::UNIX_EPOCH), Err(Refused::Expired(_))));
    }

    #[test]
    fn changed_or_foreign_text_is_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let seal = Seal::open(dir.path()).unwrap();
        let text = token(i64::MAX).mint(&seal);
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut changed = text.to_string();
        let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
        changed.push(last);
        assert_eq!(Token::read(&seal, &changed, now), Err(Refused::Unknown));
        assert_eq!(Token::read(&Seal::open(other.path()).unwrap(), &text, now), Err(Refused::Unknown));
        assert_eq!(Token::read(&seal, "MII", now), Err(Refused::Unknown));
        assert_eq!(Token::read(&seal, "", now), Err(Refused::Unknown));
        assert!(Temporary::read(&seal, text.trim_start_matches("MII"), now).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn key_file_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        Seal::open(dir.path()).unwrap();
        let file = dir.path().join("tokens.json");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = Seal::open(dir.path()).err().unwrap().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
}
