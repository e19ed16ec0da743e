//! Listing a bucket of an S3-compatible server.

use std::sync::Arc;

use futures_util::StreamExt;
use opendal::Lister;

use super::{S3Store, entry_of, is_empty};
use crate::store::listing::BATCH;
use crate::store::{Entry, StoreError};

/// A listing that is under way.
pub(crate) struct S3Listing {
    store: Arc<S3Store>,
    prefix: String,
    after: Option<String>,
    lister: Option<Lister>,
    over: bool,
}

impl S3Listing {
    pub(super) fn new(store: Arc<S3Store>, prefix: &str, after: Option<&str>) -> Self {
        let after = after.filter(|after| !after.is_empty()).map(str::to_owned);
        Self { store, prefix: prefix.to_owned(), after, lister: None, over: false }
    }

    /// The next keys; an empty list means that there are no more.
    pub(crate) async fn next(&mut self) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        if self.over {
            return Ok(entries);
        }
        let lister = match &mut self.lister {
            Some(lister) => lister,
            none => {
                let mut listing = self.store.operator.lister_with(&self.prefix).recursive(true);
                if let Some(after) = &self.after {
                    listing = listing.start_after(after);
                }
                none.insert(listing.await?)
            }
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

impl S3Store {
    /// What a listing says about a key, with what speaks against migrating it.
    async fn entry(&self, listed: opendal::Entry) -> Result<Entry, StoreError> {
        let (key, metadata) = listed.into_parts();
        let mut entry = entry_of(key, &metadata);
        if entry.problem.is_none() && entry.is_marker() && !is_empty(&metadata) {
            match self.signer.size(&entry.key, self.clock.now()).await? {
                Some(0) | None => {}
                Some(_) => {
                    let why = "ends in \"/\" and yet has content, which the S3 client cannot carry";
                    entry.problem = Some(StoreError::key(&entry.key, why));
                }
            }
        }
        Ok(entry)
    }
}
