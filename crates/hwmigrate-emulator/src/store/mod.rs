//! Where the objects of a bucket are kept.
//!
//! A bucket is a folder or a bucket on an S3-compatible server. Both list
//! their keys in the order of S3 (by bytes), page by page, so that a bucket
//! with millions of keys never has to fit in memory. A key that a store
//! cannot represent is listed with the reason, so that it ends as a failed
//! object and is never left out silently.

mod error;
mod folder;
mod http;
mod key;
mod listing;
#[cfg(feature = "remote")]
mod s3;
#[cfg(not(feature = "remote"))]
#[path = "no_s3.rs"]
mod s3;
mod stream;
mod temporary;
#[cfg(feature = "remote")]
mod tls;
mod walk;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::builder::{BucketConfig, BucketPlace};
use crate::error::EmulatorError;

pub(crate) use error::{StoreError, StoreErrorKind};
pub(crate) use folder::{FolderStore, Parents};
pub(crate) use http::{UrlObject, UrlSource};
pub(crate) use key::{MAX_KEY_CHARS, decode_line};
pub(crate) use listing::{Listing, Page};
pub(crate) use s3::S3Store;
pub(crate) use stream::{Attributes, Sink, Source};
pub(crate) use temporary::Unfinished;

/// One key of a bucket.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key, as requests and lists name it.
    pub(crate) key: String,
    /// Bytes.
    pub(crate) size: u64,
    /// When it was last written.
    pub(crate) modified: Option<SystemTime>,
    /// Why this key cannot be migrated, where that is known already.
    pub(crate) problem: Option<StoreError>,
}

impl Entry {
    /// Whether the key marks a folder rather than naming content.
    pub(crate) fn is_marker(&self) -> bool {
        self.key.ends_with('/')
    }
}

/// The objects of one bucket.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    /// Files below a folder.
    Folder(Arc<FolderStore>),
    /// A bucket on an S3-compatible server.
    S3(Arc<S3Store>),
}

impl Store {
    /// Opens the store of a configured bucket.
    ///
    /// `instance` names the emulator's state, so that what it leaves behind
    /// half done can be told from what others do in the same bucket.
    pub(crate) fn open(
        config: &BucketConfig,
        instance: &str,
        uploads: &Arc<dyn UploadJournal>,
    ) -> Result<Self, EmulatorError> {
        match &config.place {
            BucketPlace::Folder(path) => Ok(Self::Folder(Arc::new(FolderStore::open(path, instance)?))),
            BucketPlace::S3(server) => {
                Ok(Self::S3(Arc::new(S3Store::open(&config.name, server, Arc::clone(uploads))?)))
            }
        }
    }

    /// The folder, where the bucket is one.
    pub(crate) fn folder(&self) -> Option<&Arc<FolderStore>> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::S3(_) => None,
        }
    }

    /// The root of the folder, where the bucket is one.
    pub(crate) fn root(&self) -> Option<PathBuf> {
        self.folder().map(|folder| folder.root().to_owned())
    }

    /// Lists the keys that start with `prefix`, behind `after`, in the order of their bytes.
    pub(crate) fn list(&self, prefix: &str, after: Option<&str>) -> Listing {
        match self {
            Self::Folder(folder) => Listing::folder(folder, prefix, after),
            Self::S3(server) => Listing::S3(server.list(prefix, after)),
        }
    }

    /// One page of a folder's direct children, folders with a trailing `/`.
    pub(crate) async fn page(&self, folder: &str, after: &str, limit: usize) -> Result<Page, StoreError> {
        match self {
            Self::Folder(store) => listing::folder_page(store, folder, after, limit).await,
            Self::S3(store) => store.page(folder, after, limit).await,
        }
    }

    /// Looks one key up; `None` if there is no such object.
    pub(crate) async fn head(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        match self {
            Self::Folder(folder) => {
                let (folder, key) = (Arc::clone(folder), key.to_owned());
                blocking(move || folder.head(&key)).await
            }
            Self::S3(server) => server.head(key).await,
        }
    }

    /// Looks up a key that was named as an object to move; `None` if there is no such object.
    pub(crate) async fn head_object(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        match self {
            Self::Folder(folder) => {
                let (folder, key) = (Arc::clone(folder), key.to_owned());
                blocking(move || folder.head_object(&key)).await
            }
            Self::S3(server) => server.head(key).await,
        }
    }

    /// Removes an object, if it is there.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), StoreError> {
        match self {
            Self::Folder(folder) => {
                let (folder, key) = (Arc::clone(folder), key.to_owned());
                blocking(move || folder.delete(&key)).await
            }
            Self::S3(server) => server.delete(key).await,
        }
    }

    /// Reads a whole small object, such as a list file; `None` if there is no such object.
    ///
    /// Fails with [`StoreErrorKind::TooLarge`] when it holds more than `limit` bytes.
    pub(crate) async fn read(&self, key: &str, limit: u64) -> Result<Option<Document>, StoreError> {
        let Some(entry) = self.head(key).await? else { return Ok(None) };
        if entry.size > limit {
            return Err(StoreError::new(
                StoreErrorKind::TooLarge,
                format!("\"{key}\" has {} bytes, more than the {limit} allowed", entry.size),
            ));
        }
        let mut source = Source::open(self, &entry).await?;
        let mut bytes = Vec::with_capacity(entry.size as usize);
        while let Some(piece) = source.next().await? {
            bytes.extend_from_slice(&piece);
        }
        let attributes = source.attributes(false).await?;
        Ok(Some(Document {
            bytes,
            content_type: attributes.content_type,
            encoding: attributes.content_encoding,
        }))
    }
}

/// Where uploads to servers that are under way are written down.
#[cfg_attr(not(feature = "remote"), expect(dead_code, reason = "there are no servers to upload to"))]
pub(crate) trait UploadJournal: fmt::Debug + Send + Sync {
    /// An upload began.
    fn began(&self, bucket: &str, key: &str, upload: &str);
    /// An upload was completed or given up.
    fn ended(&self, bucket: &str, upload: &str);
}

/// A small object that was read whole.
#[derive(Debug)]
pub(crate) struct Document {
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
    /// Its content type, where the store keeps one.
    pub(crate) content_type: Option<String>,
    /// Its content encoding, where the store keeps one.
    pub(crate) encoding: Option<String>,
}

/// Runs file system work where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::new(StoreErrorKind::Other, "the emulator is shutting down")),
    }
}
