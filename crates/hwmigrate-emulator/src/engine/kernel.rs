//! Copying between two folders within the kernel.

use std::fs::File;
use std::sync::Arc;

use super::model::{Overwrite, Reason};
use super::stream::Progress;
use super::transfer::{Item, Moved, Outcome, Transfer, changed, destination_failed, missing, source_failed};
use crate::store::{Entry, FolderStore, StoreError, Unfinished};

/// How far a turn came.
#[derive(Default)]
pub(super) struct Part {
    pub(super) moved: Vec<Moved>,
    /// An object that a new limit broke into, to be streamed from here on.
    pub(super) unfinished: Option<Open>,
    /// What was not begun.
    pub(super) rest: Vec<Item>,
}

/// An object half copied.
pub(super) struct Open {
    pub(super) entry: Entry,
    pub(super) from: File,
    pub(super) to: Unfinished,
    pub(super) copied: u64,
}

enum Step {
    Over(u64, Outcome),
    Open(Open),
}

/// Copies objects until all are done, or a limit applies.
pub(super) fn copy(transfer: &Arc<Transfer>, from: &FolderStore, to: &FolderStore, items: Vec<Item>) -> Part {
    let mut part = Part::default();
    let mut items = items.into_iter();
    for item in items.by_ref() {
        let (key, sized_late) = (item.key().to_owned(), item.size().is_none());
        match one(transfer, from, to, item) {
            Step::Over(size, outcome) => part.moved.push(Moved { key, size, sized_late, outcome }),
            Step::Open(open) => {
                part.unfinished = Some(open);
                break;
            }
        }
        if transfer.limiter.limited() {
            break;
        }
    }
    part.rest = items.collect();
    part
}

fn one(transfer: &Transfer, from: &FolderStore, to: &FolderStore, item: Item) -> Step {
    let listed = matches!(item, Item::Listed(_));
    let entry = match item {
        Item::Listed(entry) => entry,
        Item::Named(key) | Item::Url { key, .. } => match from.head_object(&key) {
            Ok(Some(entry)) => entry,
            Ok(None) => return Step::Over(0, Outcome::Failed(missing(&key))),
            Err(error) => return Step::Over(0, Outcome::Failed(source_failed(&error))),
        },
    };
    let size = entry.size;
    match entry_copy(transfer, from, to, entry, listed) {
        Ok(Some(open)) => Step::Open(open),
        Ok(None) => Step::Over(size, Outcome::Done),
        Err(outcome) => Step::Over(size, outcome),
    }
}

fn entry_copy(
    transfer: &Transfer,
    from: &FolderStore,
    to: &FolderStore,
    entry: Entry,
    listed: bool,
) -> Result<Option<Open>, Outcome> {
    transfer.preflight(&entry)?;
    let target = transfer.target(&entry.key).map_err(Outcome::Failed)?;
    let source = |error: StoreError| Outcome::Failed(source_failed(&error));
    let destination = |error: StoreError| Outcome::Failed(destination_failed(&error));
    let present = to.prepare(&target, &transfer.parents).map_err(destination)?;
    if let Some(present) = present {
        let keeps = match transfer.keeps(&entry, true, &present) {
            Some(keeps) => keeps,
            None => from.same_content(&entry.key, to, &target).map_err(source)?,
        };
        if keeps && transfer.spec.object_overwrite_mode != Overwrite::Always {
            return Err(Outcome::Skipped);
        }
    }
    if entry.is_marker() {
        to.write_marker(&target, &transfer.parents).map_err(destination)?;
        return Ok(None);
    }
    let opened = if listed { from.open_listed(&entry.key) } else { from.open_file(&entry.key) };
    let mut reader = opened.map_err(source)?;
    let mut writer = to.create(&target).map_err(destination)?;
    let mut progress = Progress::new(transfer);
    let io = |error: std::io::Error| destination(StoreError::io(&target, &error));
    let (copied, over) = {
        let file = writer.file().map_err(io)?;
        FolderStore::copy_file(&mut reader, file, super::transfer::KERNEL_PIECE, |now| {
            progress.add(now);
            !transfer.stop.asked() && !transfer.limiter.limited()
        })
        .map_err(io)?
    };
    if !over {
        if transfer.stop.asked() {
            return Err(Outcome::Stopped);
        }
        progress.hand_over();
        return Ok(Some(Open { entry, from: reader, to: writer, copied }));
    }
    if copied != entry.size {
        return Err(Outcome::Failed(changed(entry.size, copied)));
    }
    writer.publish(entry.modified).map_err(io)?;
    Ok(None)
}

/// Why a job between these folders would never end.
pub(super) fn nested(from: &FolderStore, to: &FolderStore) -> Option<Reason> {
    to.root().starts_with(from.root()).then(|| {
        Reason::new(
            "OMS.0058",
            "The destination bucket is, or lies inside, the source bucket; choose another.",
        )
    })
}
