//! Moving one object, whatever keeps it on either side.
//!
//! Between two folders without a limit the kernel copies, many small objects
//! per turn of a blocking thread; everything else streams piece by piece.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::{Semaphore, watch};

use super::bandwidth::Limiter;
use super::crc64::Crc64;
use super::model::{Check, Overwrite, Reason, Spec};
use super::stop::Stop;
use crate::fault::FaultBook;
use crate::store::{
    Entry, FolderStore, MAX_KEY_CHARS, Parents, Sink, Source, Store, StoreError, StoreErrorKind, UrlObject,
    UrlSource, blocking,
};

/// Objects up to this size do not count as large.
const LARGE: u64 = 8 << 20;
/// Large objects that stream at once: this bounds the memory of their parts.
const LARGE_AT_ONCE: usize = 4;
/// The kernel copies this much before a stop or a new limit is looked at.
pub(super) const KERNEL_PIECE: u64 = 16 << 20;

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
enum Side {
    Source,
    Destination,
}

fn failed(side: Side, error: &StoreError) -> Reason {
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
    large: Semaphore,
}

impl Transfer {
    pub(crate) fn new(
        from: Option<Store>,
        to: Store,
        urls: UrlSource,
        spec: Spec,
        limiter: Arc<Limiter>,
        stop: Arc<Stop>,
        faults: FaultBook,
        under_way: Arc<AtomicU64>,
        bell: watch::Sender<u64>,
    ) -> Self {
        let parents = Arc::default();
        let large = Semaphore::new(LARGE_AT_ONCE);
        Self { from, to, urls, spec, parents, limiter, stop, faults, under_way, bell, large }
    }

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
            (Some(source), Some(destination)) => source > destination,
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

    /// Moves one object piece by piece.
    async fn stream(&self, item: Item) -> Moved {
        let (key, sized_late) = (item.key().to_owned(), item.size().is_none());
        let (size, result) = match item {
            Item::Listed(entry) => (entry.size, self.stream_entry(&entry).await),
            Item::Named(key) => match self.find(&key).await {
                Ok(entry) => (entry.size, self.stream_entry(&entry).await),
                Err(outcome) => (0, Err(outcome)),
            },
            Item::Url { url, key } => self.stream_url(&url, &key).await,
        };
        let outcome = match result {
            Ok(()) => Outcome::Done,
            Err(outcome) => outcome,
        };
        Moved { key, size, sized_late, outcome }
    }

    async fn find(&self, key: &str) -> Result<Entry, Outcome> {
        let Some(from) = &self.from else { return Err(Outcome::Stopped) };
        match from.head_object(key).await {
            Ok(Some(entry)) => Ok(entry),
            Ok(None) => Err(Outcome::Failed(missing(key))),
            Err(error) => Err(Outcome::Failed(failed(Side::Source, &error))),
        }
    }

    async fn stream_entry(&self, entry: &Entry) -> Result<(), Outcome> {
        let Some(from) = &self.from else { return Err(Outcome::Stopped) };
        self.preflight(entry)?;
        let target = self.target(&entry.key).map_err(Outcome::Failed)?;
        if self.stays(entry, true, &target).await? {
            return Err(Outcome::Skipped);
        }
        let _large = self.large_permit(entry.size).await;
        let destination = |error| Outcome::Failed(failed(Side::Destination, &error));
        if entry.is_marker() {
            let none = Default::default();
            let sink = Sink::create(&self.to, &target, Some(0), &none, &self.parents).await;
            return sink.map_err(destination)?.finish(entry.modified).await.map_err(destination);
        }
        let source = |error| Outcome::Failed(failed(Side::Source, &error));
        let mut reader = Source::open(from, entry).await.map_err(source)?;
        let attributes = reader.attributes(self.spec.enable_metadata_migration).await.map_err(source)?;
        let sink = Sink::create(&self.to, &target, Some(entry.size), &attributes, &self.parents).await;
        self.pump(reader, sink.map_err(destination)?, Some(entry.size), 0, entry.modified, &target).await?;
        Ok(())
    }

    async fn stream_url(&self, url: &str, key: &str) -> (u64, Result<(), Outcome>) {
        let entry = |object: Option<&UrlObject>| Entry {
            key: key.to_owned(),
            size: object.and_then(|object| object.size).unwrap_or(0),
            modified: object.and_then(|object| object.modified),
            problem: None,
        };
        if let Err(outcome) = self.preflight(&entry(None)) {
            return (0, Err(outcome));
        }
        let target = match self.target(key) {
            Ok(target) => target,
            Err(reason) => return (0, Err(Outcome::Failed(reason))),
        };
        let object = match self.urls.open(url).await {
            Ok(object) => object,
            Err(error) => return (0, Err(Outcome::Failed(failed(Side::Source, &error)))),
        };
        let (found, size) = (entry(Some(&object)), object.size);
        match self.pump_url(object, &found, size, &target).await {
            Ok(moved) => (moved, Ok(())),
            Err(outcome) => (found.size, Err(outcome)),
        }
    }

    async fn pump_url(
        &self,
        object: UrlObject,
        entry: &Entry,
        size: Option<u64>,
        target: &str,
    ) -> Result<u64, Outcome> {
        if self.stays(entry, size.is_some(), target).await? {
            return Err(Outcome::Skipped);
        }
        if size.is_none() && self.spec.consistency_check != Check::NoCheck {
            let text = "the server of the URL does not say how long the object is; \
                        only consistency_check no_check allows that";
            return Err(Outcome::Failed(Reason::new("TRF.0157", text)));
        }
        let _large = self.large_permit(size.unwrap_or(u64::MAX)).await;
        let mut reader = Source::Url(object);
        let attributes = reader.attributes(false).await;
        let attributes = attributes.map_err(|error| Outcome::Failed(failed(Side::Source, &error)))?;
        let sink = Sink::create(&self.to, target, size, &attributes, &self.parents).await;
        let sink = sink.map_err(|error| Outcome::Failed(failed(Side::Destination, &error)))?;
        self.pump(reader, sink, size, 0, entry.modified, target).await
    }

    async fn large_permit(&self, size: u64) -> Option<tokio::sync::SemaphorePermit<'_>> {
        if size > LARGE { self.large.acquire().await.ok() } else { None }
    }

    /// Whether the destination's object is kept as it is.
    async fn stays(&self, entry: &Entry, size_known: bool, target: &str) -> Result<bool, Outcome> {
        if self.spec.object_overwrite_mode == Overwrite::Always {
            return Ok(false);
        }
        let destination = |error| Outcome::Failed(failed(Side::Destination, &error));
        let Some(present) = self.to.head(target).await.map_err(destination)? else { return Ok(false) };
        match (self.keeps(entry, size_known, &present), &self.from) {
            (Some(keeps), _) => Ok(keeps),
            (None, Some(from)) => {
                let source = |error| Outcome::Failed(failed(Side::Source, &error));
                let ours = self.checksum(from, entry).await.map_err(source)?;
                Ok(self.checksum(&self.to, &present).await.map_err(destination)? == ours)
            }
            (None, None) => Ok(false),
        }
    }

    async fn checksum(&self, store: &Store, entry: &Entry) -> Result<Crc64, StoreError> {
        let mut crc = Crc64::default();
        if !entry.is_marker() {
            let mut source = Source::open(store, entry).await?;
            while let Some(piece) = source.next().await? {
                crc.update(&piece);
            }
        }
        Ok(crc)
    }

    /// Goes on with an object that the kernel began to copy.
    async fn finish_open(&self, open: super::kernel::Open) -> Moved {
        let (entry, copied) = (open.entry, open.copied);
        let target = format!("{}{}", self.spec.dst_node.save_prefix, entry.key);
        let reader = Source::File { key: entry.key.clone(), file: Some(open.from) };
        let sink = Sink::File { key: target.clone(), file: Some(open.to) };
        let result = self.pump(reader, sink, Some(entry.size), copied, entry.modified, &target).await;
        let outcome = result.map_or_else(|outcome| outcome, |_| Outcome::Done);
        Moved { key: entry.key, size: entry.size, sized_late: false, outcome }
    }

    /// Moves all bytes, checks them, and makes the object visible.
    async fn pump(
        &self,
        mut source: Source,
        mut sink: Sink,
        expected: Option<u64>,
        already: u64,
        modified: Option<SystemTime>,
        target: &str,
    ) -> Result<u64, Outcome> {
        let mut progress = Progress { transfer: self, bytes: already };
        let mut crc = (self.spec.consistency_check == Check::Crc64).then(Crc64::default);
        let result = loop {
            let next = tokio::select! {
                next = source.next() => next,
                () = self.stop.wait() => break Err(Outcome::Stopped),
            };
            let piece = match next {
                Ok(Some(piece)) => piece,
                Ok(None) => break Ok(()),
                Err(error) => break Err(Outcome::Failed(failed(Side::Source, &error))),
            };
            let bytes = piece.len() as u64;
            if !self.limiter.take(bytes, &self.stop).await {
                break Err(Outcome::Stopped);
            }
            if let Some(crc) = &mut crc {
                crc.update(&piece);
            }
            if let Err(error) = sink.write(piece).await {
                break Err(Outcome::Failed(failed(Side::Destination, &error)));
            }
            progress.add(bytes);
        };
        let moved = progress.bytes;
        let result = result.and_then(|()| match expected {
            Some(expected) if expected != moved && self.spec.consistency_check != Check::NoCheck => {
                Err(Outcome::Failed(changed(expected, moved)))
            }
            _ => Ok(()),
        });
        if let Err(outcome) = result {
            sink.abort().await;
            return Err(outcome);
        }
        let destination = |error| Outcome::Failed(failed(Side::Destination, &error));
        sink.finish(modified).await.map_err(destination)?;
        self.verify(target, moved, crc).await?;
        Ok(moved)
    }

    /// Looks at what arrived.
    async fn verify(&self, target: &str, moved: u64, crc: Option<Crc64>) -> Result<(), Outcome> {
        let destination = |error| Outcome::Failed(failed(Side::Destination, &error));
        // A folder has said how much it took; asking again would tell nothing new.
        let ask = self.to.folder().is_none() || crc.is_some();
        if self.spec.consistency_check == Check::NoCheck || !ask {
            return Ok(());
        }
        let Some(present) = self.to.head(target).await.map_err(destination)? else {
            return Err(Outcome::Failed(Reason::new("TRF.0059", "the object is missing at the destination")));
        };
        if present.size != moved {
            return Err(Outcome::Failed(changed(moved, present.size)));
        }
        if let (Some(crc), Some(_)) = (crc, self.to.folder())
            && self.checksum(&self.to, &present).await.map_err(destination)? != crc
        {
            let text = "the checksum at the destination is not that of the source";
            return Err(Outcome::Failed(Reason::new("TRF.0062", text)));
        }
        Ok(())
    }
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

/// Counts the bytes of an object while it is under way, and takes them back in the end.
pub(crate) struct Progress<'a> {
    transfer: &'a Transfer,
    bytes: u64,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(transfer: &'a Transfer) -> Self {
        Self { transfer, bytes: 0 }
    }

    pub(crate) fn add(&mut self, bytes: u64) {
        self.transfer.under_way.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        self.transfer.bell.send_modify(|count| *count += 1);
    }

    /// Leaves the bytes to whoever goes on with the object.
    pub(crate) fn hand_over(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.transfer.under_way.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
