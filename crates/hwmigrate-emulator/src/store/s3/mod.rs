//! A bucket on an S3-compatible server, spoken to through OpenDAL.

mod listing;
mod object;
mod sigv4;
mod transport;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use opendal::layers::RetryLayer;
use opendal::services::S3;
use opendal::{HttpTransporter, Metadata, OperationContext, Operator};
use opendal_http_transport_reqwest::ReqwestTransport;
use reqwest::Url;

use self::sigv4::Signer;
use self::transport::WatchedTransport;
use super::http::http_client;
use super::listing::Page;
use super::{Attributes, Entry, StoreError, StoreErrorKind, UploadJournal};
use crate::builder::S3Bucket;
use crate::clock::Clock;
use crate::error::EmulatorError;

pub(crate) use listing::S3Listing;
pub(crate) use object::{S3Reader, S3Writer};

/// The MD5 of nothing, which S3 gives as the tag of an empty object.
const EMPTY_TAG: &str = "d41d8cd98f00b204e9800998ecf8427e";
/// About eight seconds in all: a server that restarts is waited for, one that is gone is not.
const TRIES: usize = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A bucket on an S3-compatible server.
pub(crate) struct S3Store {
    operator: Operator,
    signer: Signer,
    clock: Clock,
}

/// Says nothing of the keys of the account.
impl fmt::Debug for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("S3Store")
    }
}

impl S3Store {
    pub(super) fn open(
        name: &str,
        server: &S3Bucket,
        journal: Arc<dyn UploadJournal>,
    ) -> Result<Self, EmulatorError> {
        let wrong = |why: String| EmulatorError::Config(format!("bucket {name}: {why}"));
        let endpoint = Url::parse(&server.endpoint).map_err(|error| {
            wrong(format!("the endpoint is not a URL ({error}); give one like http://127.0.0.1:9000"))
        })?;
        let client = http_client().map_err(wrong)?;
        let signer = Signer::new(client.clone(), endpoint, server);
        let transport = WatchedTransport {
            inner: ReqwestTransport::new(client),
            bucket: name.to_owned(),
            path_prefix: format!("/{}/", server.bucket),
            journal,
        };
        let service = S3::default()
            .bucket(&server.bucket)
            .endpoint(&server.endpoint)
            .region(&server.region)
            .access_key_id(server.access_key.expose())
            .secret_access_key(server.secret_key.expose())
            // Neither the environment nor the machine's metadata may change who we are.
            .disable_config_load()
            .disable_ec2_metadata();
        let retry = RetryLayer::new()
            .with_max_times(TRIES)
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_jitter();
        let context = OperationContext::new().with_http_transport(HttpTransporter::new(transport));
        let operator = Operator::new(service)
            .map_err(|error| wrong(error.message().to_owned()))?
            .with_context(context)
            .layer(retry);
        Ok(Self { operator, signer, clock: Clock::new() })
    }

    #[cfg(test)]
    pub(crate) fn operator(&self) -> &Operator {
        &self.operator
    }

    /// Gives up an upload that an earlier process began.
    pub(crate) async fn abort_upload(&self, key: &str, upload: &str) -> Result<(), StoreError> {
        self.signer.abort_upload(key, upload, self.clock.now()).await
    }

    /// Lists the keys that start with `prefix`, behind `after`.
    pub(super) fn list(self: &Arc<Self>, prefix: &str, after: Option<&str>) -> Box<S3Listing> {
        Box::new(S3Listing::new(Arc::clone(self), prefix, after))
    }

    /// Starts to read an object.
    pub(super) async fn read(&self, key: &str) -> Result<S3Reader, StoreError> {
        S3Reader::open(&self.operator, key).await
    }

    /// Starts to write an object; `size` is what is expected, if that is known.
    pub(super) async fn write(
        &self,
        key: &str,
        size: Option<u64>,
        attributes: &Attributes,
    ) -> Result<S3Writer, StoreError> {
        check_s3_key(key)?;
        S3Writer::create(&self.operator, key, size, attributes).await
    }

    /// Writes a `dir/` marker.
    pub(super) async fn write_marker(&self, key: &str) -> Result<(), StoreError> {
        check_s3_key(key)?;
        Ok(self.operator.create_dir(key).await?)
    }

    /// Removes an object, if it is there.
    pub(super) async fn delete(&self, key: &str) -> Result<(), StoreError> {
        Ok(self.operator.delete(key).await?)
    }

    pub(super) async fn head(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        check_s3_key(key)?;
        match self.operator.stat(key).await {
            Ok(metadata) => Ok(Some(entry_of(key.to_owned(), &metadata))),
            Err(error) if error.kind() == opendal::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn page(&self, folder: &str, after: &str, limit: usize) -> Result<Page, StoreError> {
        // The folder's own marker and the folder of `after` come again, and one more tells whether to go on.
        let wanted = limit + 3;
        let mut listing = self.operator.lister_with(folder).recursive(false).limit(wanted);
        if !after.is_empty() {
            listing = listing.start_after(after);
        }
        let mut lister = listing.await?;
        let mut children = Vec::new();
        let mut taken = 0;
        while taken < wanted
            && let Some(item) = lister.next().await
        {
            taken += 1;
            let (key, metadata) = item?.into_parts();
            if key != folder && key.as_str() > after {
                children.push(entry_of(key, &metadata));
            }
        }
        // Servers give folders and objects of one page apart from each other.
        children.sort_by(|a, b| a.key.cmp(&b.key));
        let more = children.len() > limit;
        children.truncate(limit);
        Ok(Page { children, more })
    }
}

/// Checks that the S3 client will ask for exactly this key.
///
/// It trims blanks, drops empty parts, and URLs resolve `..`; each of these
/// would reach another object than the one meant.
pub(super) fn check_s3_key(key: &str) -> Result<(), StoreError> {
    if key.is_empty() {
        return Err(StoreError::new(StoreErrorKind::Key, "an empty key names no object"));
    }
    if key.split('/').any(|part| matches!(part, "." | "..")) {
        return Err(StoreError::key(key, "has a \".\" or \"..\" part, which URLs cannot carry"));
    }
    if opendal::raw::normalize_path(key) != key {
        return Err(StoreError::key(
            key,
            "has an empty part, or blanks at an end, which the S3 client cannot carry",
        ));
    }
    Ok(())
}

fn entry_of(key: String, metadata: &Metadata) -> Entry {
    let problem = check_s3_key(&key).err();
    let modified = metadata.last_modified().map(SystemTime::from);
    Entry { key, size: metadata.content_length(), modified, problem }
}

/// Whether a `dir/` key is known to have no content.
fn is_empty(metadata: &Metadata) -> bool {
    metadata.etag().is_some_and(|tag| tag.trim_matches('"') == EMPTY_TAG)
}

impl From<opendal::Error> for StoreError {
    fn from(error: opendal::Error) -> Self {
        let kind = match error.kind() {
            opendal::ErrorKind::NotFound => StoreErrorKind::NotFound,
            opendal::ErrorKind::PermissionDenied => StoreErrorKind::Denied,
            opendal::ErrorKind::RateLimited => StoreErrorKind::Throttled,
            opendal::ErrorKind::IsADirectory | opendal::ErrorKind::NotADirectory => StoreErrorKind::Key,
            _ => StoreErrorKind::Other,
        };
        // Its Display would add the context, which holds addresses and whole answers.
        let message = format!("{} ({})", error.message(), error.kind());
        Self::new(kind, message)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_that_the_s3_client_would_change_are_refused() {
        for key in ["a//b", "/a", " a", "a ", "a/../b", "./a", ""] {
            assert!(check_s3_key(key).is_err(), "{key:?}");
        }
        for key in ["a", "a/b c", "a/", "文件?x=1&y#z%41"] {
            assert!(check_s3_key(key).is_ok(), "{key:?}");
        }
    }
}
