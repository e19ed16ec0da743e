//! Listing a bucket page by page.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::StreamExt;
use opendal::Lister;

use super::folder::FolderStore;
use super::s3::S3Store;
use super::walk::{Walk, split};
use super::{Entry, StoreError, StoreErrorKind, blocking};

/// How many keys are fetched at a time.
const BATCH: usize = 512;

/// A listing that is under way.
pub(crate) enum Listing {
    /// Of a folder; `None` once it is over.
    Folder(Option<Box<Walk>>),
    /// Of an S3-compatible server.
    S3(Box<S3Listing>),
}

/// A listing of an S3-compatible server.
pub(crate) struct S3Listing {
    store: Arc<S3Store>,
    prefix: String,
    after: Option<String>,
    lister: Option<Lister>,
    over: bool,
}

impl Listing {
    pub(super) fn folder(store: &Arc<FolderStore>, prefix: &str, after: Option<&str>) -> Self {
        Self::Folder(Some(Box::new(Walk::new(store.root(), prefix, after))))
    }

    pub(super) fn s3(store: &Arc<S3Store>, prefix: &str, after: Option<&str>) -> Self {
        Self::S3(Box::new(S3Listing {
            store: Arc::clone(store),
            prefix: prefix.to_owned(),
            after: after.map(str::to_owned),
            lister: None,
            over: false,
        }))
    }

    /// The next keys; an empty list means that there are no more.
    pub(crate) async fn next(&mut self) -> Result<Vec<Entry>, StoreError> {
        match self {
            Self::Folder(walk) => {
                let Some(mut taken) = walk.take() else { return Ok(Vec::new()) };
                let (back, entries) = blocking(move || {
                    let entries = taken.next(BATCH)?;
                    Ok((taken, entries))
                })
                .await?;
                if !entries.is_empty() {
                    *walk = Some(back);
                }
                Ok(entries)
            }
            Self::S3(listing) => listing.next().await,
        }
    }
}

impl S3Listing {
    async fn next(&mut self) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        if self.over {
            return Ok(entries);
        }
        let lister = match &mut self.lister {
            Some(lister) => lister,
            none => none.insert(self.store.lister(&self.prefix, self.after.as_deref(), true).await?),
        };
        while entries.len() < BATCH {
            let Some(item) = lister.next().await else {
                self.over = true;
                break;
            };
            let entry = self.store.entry(item?).await?;
            // Some servers count the marker itself as coming after it.
            if entry.key.starts_with(&self.prefix)
                && self.after.as_deref().is_none_or(|after| entry.key.as_str() > after)
            {
                entries.push(entry);
            }
        }
        Ok(entries)
    }
}

/// One page of a folder's children.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The children, folders with a trailing `/`.
    pub(crate) children: Vec<Entry>,
    /// Whether more follow.
    pub(crate) more: bool,
}

/// One page of the children of a folder in a folder bucket.
pub(super) async fn folder_page(
    store: &Arc<FolderStore>,
    folder: &str,
    after: &str,
    limit: usize,
) -> Result<Page, StoreError> {
    let (store, folder, after) = (Arc::clone(store), folder.to_owned(), after.to_owned());
    blocking(move || {
        let bare = folder.trim_end_matches('/');
        if !bare.is_empty() && store.head(&folder)?.is_none() {
            let (_, name) = split(&folder);
            return Err(StoreError::new(StoreErrorKind::NotFound, format!("there is no folder \"{name}/\"")));
        }
        let mut children = VecDeque::from(Walk::children(store.root(), &folder)?);
        while children.front().is_some_and(|entry| !after.is_empty() && entry.key <= after) {
            children.pop_front();
        }
        let more = children.len() > limit;
        children.truncate(limit);
        Ok(Page { children: children.into(), more })
    })
    .await
}
