//! Moving one object piece by piece.

use std::sync::atomic::Ordering;
use std::time::SystemTime;

use super::crc64::Crc64;
use super::kernel::Open;
use super::model::{Check, Overwrite, Reason};
use super::transfer::{Item, Moved, Outcome, Side, Transfer, changed, failed, missing};
use crate::store::{Entry, Sink, Source, Store, StoreError, UrlObject};

/// Objects up to this size do not count as large.
const LARGE: u64 = 8 << 20;

impl Transfer {
    /// Moves one object piece by piece.
    pub(super) async fn stream(&self, item: Item) -> Moved {
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
        if size.is_none() && self.spec.consistency_check != Check::Nothing {
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
    pub(super) async fn finish_open(&self, open: Open) -> Moved {
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
            Some(expected) if expected != moved && self.spec.consistency_check != Check::Nothing => {
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
        if self.spec.consistency_check == Check::Nothing || !ask {
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
