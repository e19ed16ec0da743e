//! Keeping count of a job's objects while it runs.

use std::collections::btree_map::BTreeMap;
use std::collections::hash_map::{Entry, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bandwidth::Limiter;
use super::model::{Reason, Totals};
use super::stop::Stop;
use super::transfer::{Item, Moved, Outcome};
use crate::state::{ObjectRecord, Verdict};

/// A job that is running.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) stop: Arc<Stop>,
    pub(crate) limiter: Arc<Limiter>,
    /// Bytes of objects that are not complete yet.
    pub(crate) under_way: Arc<AtomicU64>,
    /// When this run began, in ms.
    pub(crate) since: i64,
    /// Bytes that were done when this run began: they say nothing about its speed.
    before: AtomicU64,
    totals: Mutex<Totals>,
}

impl Live {
    pub(crate) fn new(limiter: Limiter, since: i64, totals: Totals) -> Self {
        Self {
            stop: Arc::default(),
            limiter: Arc::new(limiter),
            under_way: Arc::default(),
            since,
            before: AtomicU64::new(totals.done_bytes + totals.skipped_bytes),
            totals: Mutex::new(totals),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is done so far, complete objects only.
    pub(crate) fn totals(&self) -> Totals {
        *self.lock()
    }

    /// Counts objects that were found.
    pub(super) fn found(&self, items: &[Item]) {
        let mut totals = self.lock();
        totals.objects += items.len() as u64;
        totals.bytes += items.iter().filter_map(Item::size).sum::<u64>();
    }

    /// Counts bytes of an object whose size was not known when it was found.
    pub(super) fn found_bytes(&self, bytes: u64) {
        self.lock().bytes += bytes;
    }

    /// All objects were found.
    pub(super) fn all_found(&self) {
        self.lock().complete = true;
    }

    /// Bytes that were done when this run began.
    pub(crate) fn before(&self) -> u64 {
        self.before.load(Ordering::Relaxed)
    }

    /// Bytes of objects that are not complete yet.
    pub(crate) fn partial(&self) -> u64 {
        self.under_way.load(Ordering::Relaxed)
    }
}

/// The records of a job in memory: what of it is over, and what failed.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Keys that need not be looked at again, as an earlier run left them.
    over: HashMap<Box<str>, u64>,
    /// What failed, with its reason.
    pub(super) failed: BTreeMap<String, (u64, Reason)>,
    done: (u64, u64),
    skipped: (u64, u64),
}

impl Ledger {
    /// Takes in a line of an earlier run.
    pub(super) fn replay(&mut self, record: ObjectRecord) {
        let ObjectRecord { key, size, verdict, code, message } = record;
        self.failed.remove(&key);
        match verdict {
            Verdict::Failed => {
                let reason = Reason::new(&code.unwrap_or_default(), message.unwrap_or_default());
                self.failed.insert(key, (size, reason));
            }
            Verdict::Done | Verdict::Skipped => {
                // The same key can be in a list twice; it counts once.
                let Entry::Vacant(place) = self.over.entry(key.into()) else { return };
                place.insert(size);
                let sum = if verdict == Verdict::Done { &mut self.done } else { &mut self.skipped };
                *sum = (sum.0 + 1, sum.1 + size);
            }
        }
    }

    /// The size of a key that an earlier run settled.
    pub(super) fn settled(&self, key: &str) -> Option<u64> {
        self.over.get(key).copied()
    }

    /// The totals as they follow from the records, without what is found anew.
    pub(super) fn totals(&self) -> Totals {
        Totals {
            done: self.done.0,
            done_bytes: self.done.1,
            skipped: self.skipped.0,
            skipped_bytes: self.skipped.1,
            failed: self.failed.len() as u64,
            ..Totals::default()
        }
    }

    /// Sets where a run starts to count.
    pub(super) fn begin(&self, live: &Live, known: Totals) {
        let totals =
            Totals { objects: known.objects, bytes: known.bytes, complete: known.complete, ..self.totals() };
        live.before.store(totals.done_bytes + totals.skipped_bytes, Ordering::Relaxed);
        *live.lock() = totals;
    }

    /// Counts objects that are settled, and returns the lines to keep.
    pub(super) fn settle(&mut self, live: &Live, moved: Vec<Moved>, late_sizes: bool) -> Vec<ObjectRecord> {
        let mut records = Vec::with_capacity(moved.len());
        let mut totals = live.lock();
        for Moved { key, size, sized_late, outcome } in moved {
            let (verdict, reason) = match outcome {
                Outcome::Stopped => continue,
                Outcome::Done => (Verdict::Done, None),
                Outcome::Skipped => (Verdict::Skipped, None),
                Outcome::Failed(reason) => (Verdict::Failed, Some(reason)),
            };
            let before = self.failed.remove(&key);
            match before {
                _ if late_sizes && sized_late => totals.bytes += size,
                // Counted when it failed, perhaps without its size.
                Some((counted, _)) if !late_sizes => {
                    totals.bytes = (totals.bytes + size).saturating_sub(counted);
                }
                _ => {}
            }
            match verdict {
                Verdict::Done => {
                    totals.done += 1;
                    totals.done_bytes += size;
                }
                Verdict::Skipped => {
                    totals.skipped += 1;
                    totals.skipped_bytes += size;
                }
                Verdict::Failed => {}
            }
            let (code, message) = reason.clone().map(|reason| (reason.code, reason.text)).unzip();
            if let Some(reason) = reason {
                self.failed.insert(key.clone(), (size, reason));
            }
            records.push(ObjectRecord { key, size, verdict, code, message });
        }
        totals.failed = self.failed.len() as u64;
        records
    }
}
