//! Arguments of `emulator`.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::duration::Span;
use crate::secret::SecretRef;

/// The emulator. Region and project id are those of the connection options.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Folder that keeps tasks over restarts; temporary if not given
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// A bucket that is a folder on this machine; may be repeated
    #[arg(long, value_name = "NAME=DIR", value_parser = bucket)]
    pub(crate) bucket: Vec<(String, PathBuf)>,
    /// A bucket on an S3-compatible server: NAME=URL,bucket=B,region=R,access-key=REF,secret-key=REF; may be repeated
    #[arg(long, value_name = "NAME=URL,…", value_parser = s3_bucket)]
    pub(crate) s3_bucket: Vec<S3Bucket>,
    /// A user who may log in, and where the password is found; may be repeated
    #[arg(long, value_name = "DOMAIN/USER=REF")]
    pub(crate) user: Vec<NamedSecret>,
    /// An access key that may sign, and where its secret is found; may be repeated
    #[arg(long, value_name = "AK=REF")]
    pub(crate) access_key: Vec<NamedSecret>,
    /// Ask this user for a passcode as well, and where its base32 key is found; may be repeated
    #[arg(long, value_name = "DOMAIN/USER=REF")]
    pub(crate) totp: Vec<NamedSecret>,
    /// An agency by which users of another account may act in this one; may be repeated
    #[arg(long, value_name = "DOMAIN/AGENCY=TRUSTED-DOMAIN", value_parser = agency)]
    pub(crate) agency: Vec<(String, String, String)>,
    /// A source server that is there from the start: NAME, NAME,windows or NAME,used=BYTES; may be repeated
    ///
    /// The emulator plays its agent; no server is moved.
    #[arg(long, value_name = "NAME,…", value_parser = source_server)]
    pub(crate) source_server: Vec<SourceServer>,
    /// How long a step of a simulated server migration takes that moves no data, such as 500ms
    #[arg(long, value_name = "SPAN", default_value = "1s")]
    pub(crate) sms_step: Span,
    /// How fast the data of simulated servers moves where no limit is set, in Mbit/s
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    pub(crate) sms_rate: u32,
    /// Leave no lists of migrated and skipped objects under oms/ in destinations
    #[arg(long)]
    pub(crate) no_object_lists: bool,
    /// Let lists of addresses name other machines than this one
    #[arg(long)]
    pub(crate) fetch_remote_urls: bool,
    /// Also write the journal of requests, without secrets, to journal.jsonl in the state folder
    #[arg(long, requires = "state")]
    pub(crate) journal: bool,
    /// Seed of everything random, for runs that repeat
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

/// A name and where its secret is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedSecret {
    pub(crate) name: String,
    pub(crate) secret: SecretRef,
}

impl From<String> for NamedSecret {
    // Cannot fail, so that the argument parser never repeats a literal secret in an error.
    fn from(text: String) -> Self {
        // Without a name the whole of it may be the secret.
        let (name, secret) = text.split_once('=').unwrap_or_default();
        Self { name: name.to_owned(), secret: SecretRef::from(secret) }
    }
}

/// A bucket on an S3-compatible server.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct S3Bucket {
    pub(crate) name: String,
    pub(crate) endpoint: String,
    pub(crate) bucket: String,
    pub(crate) region: String,
    pub(crate) access_key: SecretRef,
    pub(crate) secret_key: SecretRef,
}

impl fmt::Debug for S3Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={},bucket={}", self.name, self.endpoint, self.bucket)
    }
}

/// A source server of the emulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceServer {
    pub(crate) name: String,
    pub(crate) windows: bool,
    pub(crate) used: Option<u64>,
}

fn source_server(text: &str) -> Result<SourceServer, String> {
    let form = "write it as NAME[,windows][,used=BYTES]";
    let mut parts = text.split(',');
    let name = parts.next().filter(|name| !name.is_empty()).ok_or(form)?;
    let mut server = SourceServer { name: name.to_owned(), windows: false, used: None };
    for part in parts {
        match part.split_once('=') {
            None if part == "windows" => server.windows = true,
            Some(("used", bytes)) => server.used = Some(bytes.parse().map_err(|_| form)?),
            _ => return Err(form.to_owned()),
        }
    }
    Ok(server)
}

fn agency(text: &str) -> Result<(String, String, String), String> {
    let parts = text.split_once('=').and_then(|(of, trusted)| Some((of.split_once('/')?, trusted)));
    match parts {
        Some(((domain, name), trusted)) if [domain, name, trusted].iter().all(|part| !part.is_empty()) => {
            Ok((domain.to_owned(), name.to_owned(), trusted.to_owned()))
        }
        _ => Err("write it as DOMAIN/AGENCY=TRUSTED-DOMAIN".to_owned()),
    }
}

fn bucket(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, dir)) if !name.is_empty() && !dir.is_empty() => Ok((name.to_owned(), dir.into())),
        _ => Err("write it as NAME=DIR".to_owned()),
    }
}

fn s3_bucket(text: &str) -> Result<S3Bucket, String> {
    let form = "write it as NAME=URL,access-key=REF,secret-key=REF[,bucket=B][,region=R]";
    let mut parts = text.split(',');
    let (name, endpoint) = parts.next().and_then(|first| first.split_once('=')).ok_or(form)?;
    let mut found = S3Bucket {
        name: name.to_owned(),
        endpoint: endpoint.to_owned(),
        bucket: name.to_owned(),
        region: "us-east-1".to_owned(),
        access_key: SecretRef::Literal,
        secret_key: SecretRef::Literal,
    };
    for part in parts {
        match part.split_once('=').ok_or(form)? {
            ("bucket", value) => found.bucket = value.to_owned(),
            ("region", value) => found.region = value.to_owned(),
            ("access-key", value) => found.access_key = SecretRef::from(value),
            ("secret-key", value) => found.secret_key = SecretRef::from(value),
            _ => return Err(form.to_owned()),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_name_without_a_reference_holds_a_literal() {
        let named = NamedSecret::from("acme/ops=hunter2".to_owned());
        assert_eq!(named.name, "acme/ops");
        assert_eq!(named.secret, SecretRef::Literal);
        assert!(!format!("{named:?}").contains("hunter2"));
        let bare = NamedSecret::from("hunter2".to_owned());
        assert_eq!((bare.name.as_str(), bare.secret), ("", SecretRef::Literal));
        assert_eq!(NamedSecret::from("AK=env:SK".to_owned()).secret, SecretRef::from("env:SK"));
    }

    #[test]
    fn a_source_server_is_read_from_one_argument() {
        let found = source_server("desk-1,windows,used=1024").unwrap();
        assert_eq!((found.name.as_str(), found.windows, found.used), ("desk-1", true, Some(1024)));
        assert_eq!(source_server("web-1").unwrap().used, None);
        for wrong in ["", ",windows", "a,linux", "a,used=much", "a,used"] {
            assert!(source_server(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_agency_is_read_from_one_argument() {
        let found = agency("acme/movers=partner").unwrap();
        assert_eq!(found, ("acme".to_owned(), "movers".to_owned(), "partner".to_owned()));
        for wrong in ["", "acme=partner", "acme/=partner", "/movers=partner", "acme/movers=", "acme/movers"] {
            assert!(agency(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_s3_bucket_is_read_from_one_argument() {
        let found = s3_bucket("a=http://127.0.0.1:9,bucket=b,access-key=env:A,secret-key=env:S").unwrap();
        assert_eq!((found.name.as_str(), found.bucket.as_str()), ("a", "b"));
        assert_eq!(found.secret_key, SecretRef::from("env:S"));
        assert!(s3_bucket("a").is_err());
        assert!(s3_bucket("a=http://x,colour=red").is_err());
        assert!(bucket("a=").is_err());
    }
}
