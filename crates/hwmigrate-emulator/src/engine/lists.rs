//! The lists of objects that a task leaves in its destination bucket.
//!
//! One line per object with its URL-encoded key; failed ones with code and
//! reason. They are written from the object records at the end, so their
//! length never matters for memory.

use std::sync::Arc;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use time::OffsetDateTime;
use time::macros::format_description;

use super::model::{Lists, Reason};
use super::record::Ledger;
use crate::state::{ObjectLog, Verdict};
use crate::store::{Attributes, Parents, Sink, Store, StoreError, StoreErrorKind, blocking};

/// What a list of failed objects can hold.
pub(super) const MOST_FAILED: usize = 100_000;
const PART: usize = 1 << 20;
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Which lists are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) failed: bool,
    pub(crate) succeeded: bool,
    pub(crate) skipped: bool,
}

/// Writes the lists of one task.
pub(super) struct Writer<'a> {
    pub(super) store: &'a Store,
    pub(super) task: i64,
    pub(super) now: OffsetDateTime,
}

impl Writer<'_> {
    pub(super) async fn write(
        &self,
        wanted: Wanted,
        ledger: &Ledger,
        log: &Arc<ObjectLog>,
        before: &Lists,
    ) -> Lists {
        let mut lists = Lists::default();
        if wanted.failed && !ledger.failed.is_empty() {
            let key = self.key("failed_object_lists");
            match self.failed(&key, ledger).await {
                Ok(()) => {
                    lists.written.push(key.clone());
                    lists.failed_key = Some(key);
                }
                Err(_) => lists.failed_error = Some("OMS.0304".to_owned()),
            }
            if ledger.failed.len() > MOST_FAILED {
                lists.failed_error = Some("OMS.0305".to_owned());
            }
        }
        if wanted.succeeded {
            let written = self.of_log("success_object_lists", Verdict::Done, log).await;
            lists.success_error = self.noted(written, &mut lists.written);
        }
        if wanted.skipped {
            let written = self.of_log("skip_object_lists", Verdict::Skipped, log).await;
            lists.skip_error = self.noted(written, &mut lists.written);
        }
        for key in before.superseded.iter().filter(|key| !lists.written.contains(key)) {
            // A list that stays says what was true once, so this is no reason to fail.
            if let Err(error) = self.store.delete(key).await {
                tracing::warn!(key, error = error.message, "a list that is out of date stays");
                lists.superseded.push(key.clone());
            }
        }
        lists
    }

    /// Takes down where a list is, or why it is missing.
    fn noted(&self, result: Result<Option<String>, StoreError>, written: &mut Vec<String>) -> Option<String> {
        match result {
            Ok(key) => {
                written.extend(key);
                None
            }
            Err(_) => Some("OMS.0304".to_owned()),
        }
    }

    fn key(&self, kind: &str) -> String {
        let stamp = self.now.format(format_description!("[year][month][day][hour][minute][second]"));
        format!("oms/{kind}/{}_{}.txt", self.task, stamp.unwrap_or_default())
    }

    async fn sink(&self, key: &str) -> Result<Sink, StoreError> {
        let attributes = Attributes { content_type: Some("text/plain".to_owned()), ..Attributes::default() };
        Sink::create(self.store, key, None, &attributes, &Arc::<Parents>::default()).await
    }

    async fn failed(&self, key: &str, ledger: &Ledger) -> Result<(), StoreError> {
        let mut sink = self.sink(key).await?;
        let mut text = String::new();
        for (key, (_, Reason { code, text: why })) in ledger.failed.iter().take(MOST_FAILED) {
            let why = why.replace(['\t', '\n', '\r'], " ");
            text.push_str(&format!("{}\t{code}\t{why}\n", utf8_percent_encode(key, KEY)));
            if text.len() >= PART {
                sink.write(Bytes::from(std::mem::take(&mut text))).await?;
            }
        }
        if !text.is_empty() {
            sink.write(Bytes::from(text)).await?;
        }
        sink.finish(None).await
    }

    /// Writes the list of one verdict, and says where it is if there is anything in it.
    async fn of_log(
        &self,
        kind: &str,
        verdict: Verdict,
        log: &Arc<ObjectLog>,
    ) -> Result<Option<String>, StoreError> {
        let key = self.key(kind);
        let (pages, mut waiting) = tokio::sync::mpsc::channel(4);
        let log = Arc::clone(log);
        let reading = blocking(move || {
            let mut text = String::new();
            let mut gone = false;
            let read = log.read(|record| {
                if record.verdict == verdict && !gone {
                    text.push_str(&format!("{}\n", utf8_percent_encode(&record.key, KEY)));
                    if text.len() >= PART {
                        gone = pages.blocking_send(std::mem::take(&mut text)).is_err();
                    }
                }
            });
            if !text.is_empty() && !gone {
                // Nobody reads any more if the other side failed, and then it reports why.
                let _ = pages.blocking_send(text);
            }
            read.map_err(|error| StoreError::new(StoreErrorKind::Other, error.to_string()))
        });
        let writing = async {
            let mut sink = None;
            let mut result = Ok(());
            while let Some(text) = waiting.recv().await {
                result = async {
                    if sink.is_none() {
                        sink = Some(self.sink(&key).await?);
                    }
                    match &mut sink {
                        Some(sink) => sink.write(Bytes::from(text)).await,
                        None => Ok(()),
                    }
                }
                .await;
                if result.is_err() {
                    waiting.close();
                }
            }
            match (sink, result) {
                (Some(sink), Ok(())) => sink.finish(None).await.map(|()| true),
                (_, result) => result.map(|()| false),
            }
        };
        let (read, written) = tokio::join!(reading, writing);
        read.and(written).map(|any| any.then_some(key.clone()))
    }
}
