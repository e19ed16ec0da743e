//! Moving one object, whatever keeps it on either side.
//!
//! Between two folders without a limit the kernel copies, many small objects
//! per turn of a blocking thread; everything else streams piece by piece.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

use tokio::sync::{Semaphore, watch};

use super::Inner;
use super::bandwidth::Limiter;
use super::model::{Check, Overwrite, Reason, Spec};
use super::record::Live;
use super::stop::Stop;
use crate::fault::FaultBook;
use crate::store::{
    Entry, FolderStore, MAX_KEY_CHARS, Parents, Store, StoreError, StoreErrorKind, UrlSource, blocking,
};

/// Large objects that stream at once: this bounds the memory of their parts.
const LARGE_AT_ONCE: usize = 4;
/// The kernel copies this much before a stop or a new limit is looked at.
pub(super) const KERNEL_PIECE: u64 = 16 << 20;

impl Inner {
    /// Moves objects for a job that runs as `live` tells.
    pub(super) fn transfer(&self, from: Option<Store>, to: Store, spec: Spec, live: &Live) -> Arc<Transfer> {
        Arc::new(Transfer {
            from,
            to,
            urls: self.urls.clone(),
            spec,
            parents: Arc::default(),
            limiter: Arc::clone(&live.limiter),
            stop: Arc::clone(&live.stop),
            faults: self.faults.clone(),
            under_way: Arc::clone(&live.under_way),
            bell: self.changed.clone(),
            large: Semaphore::new(LARGE_AT_ONCE),
        })
    }
}

/// An object to move.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// A key that a listing of the source named.
    Listed(Entry),
    /// A key that someone named.
    Named(String),
    /// A URL, and the key it is to get.
    Url { url: String, key: String },
}

impl Item {
    /// The key in records and lists.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Listed(entry) => &entry.key,
            Self::Named(key) | Self::Url { key, .. } => key,
        }
    }

    /// The bytes, where they are known already.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Self::Listed(entry) => Some(entry.size),
            _ => None,
        }
    }
}

/// What became of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was copied.
    Done,
    /// It did not have to be copied.
    Skipped,
    /// It could not be copied.
    Failed(Reason),
    /// The job was stopped first.
    Stopped,
}

/// An object and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Moved {
    pub(crate) key: String,
    pub(crate) size: u64,
    /// Whether the size came to be known only now.
    pub(crate) sized_late: bool,
    pub(crate) outcome: Outcome,
}

/// The side on which something failed; it decides the reason code.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Source,
    Destination,
}

pub(super) fn failed(side: Side, error: &StoreError) -> Reason {
    let code = match (side, error.kind) {
        (Side::Source, StoreErrorKind::NotFound) => "TRF.0156",
        (Side::Source, StoreErrorKind::Denied) => "TRF.0152",
        (Side::Source, StoreErrorKind::Throttled) => "TRF.0159",
        (Side::Source, _) => "TRF.0157",
        (Side::Destination, StoreErrorKind::Denied) => "TRF.0054",
        (Side::Destination, StoreErrorKind::Full) => "TRF.0055",
        (Side::Destination, StoreErrorKind::NotFound) => "TRF.0059",
        (Side::Destination, _) => "TRF.0061",
    };
    Reason::new(code, error.message.clone())
}

/// How a job's objects are moved.
#[derive(Debug)]
pub(crate) struct Transfer {
    /// Absent for URL lists.
    pub(crate) from: Option<Store>,
    pub(crate) to: Store,
    pub(crate) urls: UrlSource,
    pub(crate) spec: Spec,
    pub(crate) parents: Arc<Parents>,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) stop: Arc<Stop>,
    pub(crate) faults: FaultBook,
    /// Bytes of objects that are not complete yet.
    pub(crate) under_way: Arc<AtomicU64>,
    /// Rings when bytes moved.
    pub(crate) bell: watch::Sender<u64>,
    pub(super) large: Semaphore,
}

impl Transfer {
    /// The folders on both sides, where the kernel can copy.
    pub(crate) fn folders(&self) -> Option<(Arc<FolderStore>, Arc<FolderStore>)> {
        let from = self.from.as_ref()?.folder()?;
        let to = self.to.folder()?;
        (self.spec.consistency_check != Check::Crc64).then(|| (Arc::clone(from), Arc::clone(to)))
    }

    /// Whether the kernel copies, many small objects per turn.
    pub(crate) fn by_kernel(&self) -> bool {
        self.folders().is_some() && !self.limiter.limited()
    }

    /// Moves objects, and returns what became of them and those that another turn has to move.
    pub(crate) async fn turn(self: &Arc<Self>, items: Vec<Item>) -> (Vec<Moved>, Vec<Item>) {
        if let (Some((from, to)), true) = (self.folders(), self.by_kernel()) {
            let this = Arc::clone(self);
            let result = blocking(move || Ok(super::kernel::copy(&this, &from, &to, items))).await;
            // It fails only when the process ends.
            let mut part = result.unwrap_or_default();
            if let Some(open) = part.unfinished {
                part.moved.push(self.finish_open(open).await);
            }
            return (part.moved, part.rest);
        }
        let mut items = items.into_iter();
        let mut moved = Vec::new();
        if let Some(item) = items.next() {
            moved.push(self.stream(item).await);
        }
        (moved, items.collect())
    }

    /// Moves all objects, one turn after the other.
    pub(crate) async fn all(self: &Arc<Self>, mut items: Vec<Item>) -> Vec<Moved> {
        let mut all = Vec::with_capacity(items.len());
        while !items.is_empty() {
            let (moved, rest) = self.turn(items).await;
            if moved.is_empty() {
                break;
            }
            all.extend(moved);
            items = rest;
        }
        all
    }

    /// The key at the destination.
    pub(crate) fn target(&self, key: &str) -> Result<String, Reason> {
        let target = format!("{}{key}", self.spec.dst_node.save_prefix);
        if target.chars().count() > MAX_KEY_CHARS {
            let text = format!("the save prefix and the key have more than {MAX_KEY_CHARS} characters");
            return Err(Reason::new("TRF.0060", text));
        }
        Ok(target)
    }

    /// What can be said of an object before its destination is looked at.
    pub(crate) fn preflight(&self, entry: &Entry) -> Result<(), Outcome> {
        if self.stop.asked() {
            return Err(Outcome::Stopped);
        }
        if let Some(problem) = &entry.problem {
            return Err(Outcome::Failed(failed(Side::Source, problem)));
        }
        if let Some(code) = self.faults.object_failure(&entry.key) {
            return Err(Outcome::Failed(Reason::new(&code, "made to fail by a fault")));
        }
        let since = Duration::from_secs(u64::try_from(self.spec.migrate_since).unwrap_or(0));
        if !since.is_zero() && entry.modified.is_some_and(|time| time < SystemTime::UNIX_EPOCH + since) {
            return Err(Outcome::Skipped);
        }
        Ok(())
    }

    /// Whether what is at the destination stays; `None` if only checksums can tell.
    pub(crate) fn keeps(&self, entry: &Entry, size_known: bool, present: &Entry) -> Option<bool> {
        let equal = size_known && entry.size == present.size;
        let newer = match (entry.modified, present.modified) {
            (Some(source), Some(destination)) if self.both_folders() => source > destination,
            // HTTP tells whole seconds only.
            (Some(source), Some(destination)) => seconds(source) > seconds(destination),
            _ => false,
        };
        match self.spec.object_overwrite_mode {
            Overwrite::Always => Some(false),
            Overwrite::Never => Some(true),
            Overwrite::SizeAndTime => Some(equal && !newer),
            Overwrite::Crc64 if !equal => Some(false),
            // Only files can be read for their checksum at no cost but time.
            Overwrite::Crc64 if self.both_folders() => None,
            Overwrite::Crc64 => Some(!newer),
        }
    }

    fn both_folders(&self) -> bool {
        self.to.folder().is_some() && self.from.as_ref().is_some_and(|from| from.folder().is_some())
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The reason for an object that changed on the way.
pub(crate) fn changed(expected: u64, moved: u64) -> Reason {
    let text = format!("{expected} bytes were expected and {moved} arrived; did the source change?");
    Reason::new("TRF.0062", text)
}

/// The reason for a key that names nothing.
pub(crate) fn missing(key: &str) -> Reason {
    // Listings write so what they cannot read of a name.
    let lossy = key.contains(char::REPLACEMENT_CHARACTER);
    let hint = if lossy { "; if its name is not UTF-8, rename it, since keys have to be" } else { "" };
    Reason::new("TRF.0156", format!("\"{key}\" does not exist in the source bucket{hint}"))
}

/// The reason for a failure at the source.
pub(crate) fn source_failed(error: &StoreError) -> Reason {
    failed(Side::Source, error)
}

/// The reason for a failure at the destination.
pub(crate) fn destination_failed(error: &StoreError) -> Reason {
    failed(Side::Destination, error)
}
