//! Listing a bucket page by page.

use std::collections::VecDeque;
use std::sync::Arc;

use super::folder::FolderStore;
use super::s3::S3Listing;
use super::walk::{Walk, split};
use super::{Entry, StoreError, StoreErrorKind, blocking};

/// How many keys are fetched at a time.
pub(super) const BATCH: usize = 512;

/// A listing that is under way.
pub(crate) enum Listing {
    /// Of a folder; `None` once it is over.
    Folder(Option<Box<Walk>>),
    /// Of an S3-compatible server.
    S3(Box<S3Listing>),
}

impl Listing {
    pub(super) fn folder(store: &Arc<FolderStore>, prefix: &str, after: Option<&str>) -> Self {
        Self::Folder(Some(Box::new(Walk::new(store.root(), prefix, after))))
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
