//! Sync tasks.

use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_util::TryStreamExt;
use hwmigrate_api::oms::types::{
    CreateSyncTaskReq, ListSyncTaskStatisticResponse, ShowSyncTaskResponse, StartSyncTaskReq,
    StatisticDataType, SyncObjectReq, SyncTaskInfo, SyncTaskStatus,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Oms, call, rules};
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::check::{Checks, check_id};
use crate::jobs::command::{gone_is_deleted, resend};
use crate::jobs::create::{self, Created};
use crate::jobs::mark::Mark;
use crate::jobs::moment::UnixMillis;
use crate::jobs::paging::{Extent, Page, Record, incomplete, records};
use crate::transport::call::Response;
use crate::wait::is_final;

/// Largest offset that ListSyncTasks takes.
const LAST_OFFSET: u64 = 10_000;
/// Keys in one event: ten by the text of the documentation, a hundred by its schema.
const EVENT_KEYS: usize = 10;
/// Longest key in an event, after encoding.
const LONGEST_EVENT_KEY: usize = 16_384;
/// The pause between two looks at a sync task.
const PAUSE: Duration = Duration::from_secs(1);

/// What an event's keys keep: everything else is percent-encoded, the slash included kept.
const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// Sync tasks; made by [`Oms::sync_tasks`].
///
/// A sync task has no end to wait for: it copies what [`events`](Self::events)
/// name until it is stopped. At most five exist per tenant, and starting,
/// stopping, statistics and events work in few regions only.
///
/// Reference: <https://support.huaweicloud.com/api-oms/CreateSyncTask.html>.
#[derive(Clone, Debug)]
pub struct SyncTasks {
    oms: Oms,
}

impl SyncTasks {
    pub(super) fn new(oms: Oms) -> Self {
        Self { oms }
    }

    /// Creates a sync task, which starts by itself, with one POST.
    ///
    /// # Errors
    /// `Invalid` for a request that breaks a documented rule, before anything
    /// is sent; `Ambiguous` when the reply was lost, see [`create_once`](Self::create_once).
    pub async fn create(&self, request: &CreateSyncTaskReq) -> Result<Created<String>> {
        rules::create_sync_task(request)?;
        let Response { value, request_id, .. } = call!(&self.oms, create_sync_task(request))?;
        let id = value.sync_task_id.filter(|id| !id.is_empty());
        Created::from_answer("CreateSyncTask", id, None, request_id)
    }

    /// Creates a sync task exactly once, whatever happens to the reply; works
    /// like [`Tasks::create_once`](super::Tasks::create_once).
    ///
    /// # Errors
    /// As [`create`](Self::create); `Ambiguous` only when no sync task with the mark appeared either.
    pub async fn create_once(&self, request: &CreateSyncTaskReq) -> Result<Created<String>> {
        self.create_marked(request, &Mark::unique()).await
    }

    /// As [`create_once`](Self::create_once), with a mark that the caller wrote down before.
    ///
    /// # Errors
    /// As [`create_once`](Self::create_once).
    pub async fn create_marked(&self, request: &CreateSyncTaskReq, mark: &Mark) -> Result<Created<String>> {
        rules::create_sync_task(request)?;
        let description = mark.appended_to(request.description.as_deref(), "CreateSyncTask")?;
        let marked = CreateSyncTaskReq { description: Some(description), ..request.clone() };
        create::once(mark, Duration::MAX, self.create(&marked), || self.find_marked(mark)).await
    }

    /// The sync task whose description carries the mark, if there is one.
    ///
    /// # Errors
    /// Those of [`list`](Self::list).
    pub async fn find_marked(&self, mark: &Mark) -> Result<Option<Created<String>>> {
        create::find(mark, self.list().stream(), |task| (task.sync_task_id, None, task.description)).await
    }

    /// One sync task, with the counters of the month that `month` lies in.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/ShowSyncTask.html>.
    pub async fn show(&self, id: &str, month: UnixMillis) -> Result<Response<ShowSyncTaskResponse>> {
        check_sync_id("ShowSyncTask", id)?;
        let answer = call!(&self.oms, show_sync_task(id, month.get()))?;
        if answer.value.sync_task_id.is_none() && answer.value.status.is_none() {
            let what = "the answer describes no sync task";
            return Err(incomplete("ShowSyncTask", what, answer.status, answer.request_id));
        }
        Ok(answer)
    }

    /// The list of sync tasks, to be narrowed and read.
    pub fn list(&self) -> ListSyncTasks {
        ListSyncTasks {
            oms: self.oms.clone(),
            status: None,
            extent: Extent::new(super::LARGEST_PAGE, LAST_OFFSET),
        }
    }

    /// Starts a stopped sync task, see
    /// [`NodeKeys::start_sync_task`](super::NodeKeys::start_sync_task). When the
    /// reply is lost, the task is read before it is told again.
    ///
    /// # Errors
    /// `Conflict` when it runs already.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/StartSyncTask.html>.
    pub async fn start(&self, id: &str, request: &StartSyncTaskReq) -> Result<()> {
        check_sync_id("StartSyncTask", id)?;
        rules::start_sync_task(request)?;
        let send = || async { call!(&self.oms, start_sync_task(id, request)).map(drop) };
        resend(|| self.stands(id, SyncTaskStatus::Synchronizing), send).await
    }

    /// Stops a running sync task. When the reply is lost, the task is read
    /// before it is told again.
    ///
    /// # Errors
    /// `Conflict` when it is stopped already.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/StopSyncTask.html>.
    pub async fn stop(&self, id: &str) -> Result<()> {
        check_sync_id("StopSyncTask", id)?;
        let send = || async { call!(&self.oms, stop_sync_task(id)).map(drop) };
        resend(|| self.stands(id, SyncTaskStatus::Stopped), send).await
    }

    /// Deletes a stopped sync task.
    ///
    /// # Errors
    /// `Conflict` when it runs; [`delete_when_stopped`](Self::delete_when_stopped) sees to that.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/DeleteSyncTask.html>.
    pub async fn delete(&self, id: &str) -> Result<()> {
        check_sync_id("DeleteSyncTask", id)?;
        gone_is_deleted(call!(&self.oms, delete_sync_task(id)).map(drop))
    }

    /// Stops a sync task if it runs, and deletes it once it stands still, all
    /// within `limit`. One that is gone already is fine.
    ///
    /// # Errors
    /// `Timeout` when the limit passes first.
    pub async fn delete_when_stopped(&self, id: &str, limit: Duration) -> Result<()> {
        check_sync_id("DeleteSyncTask", id)?;
        let start = clock::instant();
        loop {
            let step = match self.status(id).await {
                Ok(Some(SyncTaskStatus::Synchronizing)) => self.stop(id).await,
                Ok(_) => match self.delete(id).await {
                    Ok(()) => return Ok(()),
                    refused => refused,
                },
                Err(error) => Err(error),
            };
            match step {
                Err(error) if error.is_not_found() => return Ok(()),
                // A refused login is not tried again and again: that locks the user.
                Err(error) if !error.is_conflict() && (is_final(&error) || error.is_auth()) => {
                    return Err(error);
                }
                _ => {}
            }
            if clock::instant().saturating_duration_since(start) + PAUSE > limit {
                let words = format!("sync task {id} was not deleted within {} s", limit.as_secs());
                let error = Error::new(ErrorKind::Timeout, words).with_operation("DeleteSyncTask");
                return Err(match step {
                    Err(cause) => error.with_source(cause),
                    Ok(()) => error,
                });
            }
            clock::sleep(PAUSE).await;
        }
    }

    /// Counters over time, in points of five minutes or an hour.
    ///
    /// # Errors
    /// `Invalid` without a counter, or when the end lies before the start.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/ListSyncTaskStatistic.html>.
    pub async fn statistics(
        &self,
        id: &str,
        counters: &[StatisticDataType],
        start: UnixMillis,
        end: UnixMillis,
    ) -> Result<Response<ListSyncTaskStatisticResponse>> {
        check_sync_id("ListSyncTaskStatistic", id)?;
        let mut checks = Checks::new();
        if counters.is_empty() {
            checks.add("data_type", "is empty", "name REQUEST, SUCCESS, FAILURE, SKIP or SIZE");
        }
        if end < start {
            checks.add("end_time", format!("is {end}, before the start {start}"), "give a later end");
        }
        checks.finish("ListSyncTaskStatistic")?;
        let words: Vec<&str> = counters.iter().map(StatisticDataType::as_str).collect();
        call!(&self.oms, list_sync_task_statistic(id, &words.join(","), end.get(), start.get()))
    }

    /// Asks a sync task to copy these objects now, ten to a request.
    ///
    /// The keys are given as they are; they are URL-encoded on the way.
    /// Sending a key twice copies it twice, and nothing worse.
    ///
    /// ```no_run
    /// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
    /// let keys = ["photos/2026/köln 1.jpg", "photos/2026/köln 2.jpg"];
    /// client.oms().sync_tasks().events("a1b2", keys).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Invalid` for an empty or too long key, before anything is sent. Later
    /// errors say how many keys were accepted before.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/CreateSyncEvents.html>.
    pub async fn events(&self, id: &str, keys: impl IntoIterator<Item = impl AsRef<str>>) -> Result<()> {
        check_sync_id("CreateSyncEvents", id)?;
        let encoded = encode_keys(keys)?;
        let mut accepted = 0;
        for chunk in encoded.chunks(EVENT_KEYS) {
            let request = SyncObjectReq { object_keys: chunk.to_vec() };
            if let Err(error) = call!(&self.oms, create_sync_events(id, &request)) {
                if encoded.len() <= EVENT_KEYS {
                    return Err(error);
                }
                let words =
                    format!("{} ({accepted} of {} keys were accepted)", error.message(), encoded.len());
                return Err(error.with_message(words));
            }
            accepted += chunk.len();
        }
        Ok(())
    }

    /// The state alone. The list has it too, and needs no month.
    async fn status(&self, id: &str) -> Result<Option<SyncTaskStatus>> {
        let now = UnixMillis::try_from(self.oms.shared.clock.now())?;
        Ok(self.show(id, now).await?.into_inner().status)
    }

    /// Whether a start or stop has taken effect; a new state cannot tell.
    async fn stands(&self, id: &str, goal: SyncTaskStatus) -> Result<Option<bool>> {
        Ok(match self.status(id).await? {
            Some(status @ (SyncTaskStatus::Synchronizing | SyncTaskStatus::Stopped)) => Some(status == goal),
            _ => None,
        })
    }
}

/// Encodes the keys of events, and refuses those that cannot be one.
fn encode_keys(keys: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Vec<String>> {
    let mut checks = Checks::new();
    let mut encoded = Vec::new();
    for (index, key) in keys.into_iter().enumerate() {
        let field = format!("object_keys[{index}]");
        checks.required(&field, key.as_ref(), "the key of an object");
        let key = utf8_percent_encode(key.as_ref(), &KEPT).to_string();
        checks.length(&field, &key, LONGEST_EVENT_KEY);
        encoded.push(key);
    }
    if encoded.is_empty() {
        checks.add("object_keys", "is empty", "give at least one key");
    }
    checks.finish("CreateSyncEvents")?;
    Ok(encoded)
}

fn check_sync_id(operation: &'static str, id: &str) -> Result<()> {
    check_id(operation, "sync_task_id", id, 255)
}

/// The list of sync tasks; made by [`SyncTasks::list`].
///
/// Source: <https://support.huaweicloud.com/api-oms/ListSyncTasks.html>.
#[derive(Clone, Debug)]
#[must_use = "a list does nothing before it is read"]
pub struct ListSyncTasks {
    oms: Oms,
    status: Option<SyncTaskStatus>,
    extent: Extent,
}

impl ListSyncTasks {
    /// Only sync tasks in this state.
    pub fn status(mut self, status: SyncTaskStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Records per request, 1 to 100; 100 unless said otherwise.
    pub fn page_size(mut self, size: u32) -> Self {
        self.extent.page_size = size;
        self
    }

    /// At most so many records in all.
    pub fn limit(mut self, records: u64) -> Self {
        self.extent.limit = Some(records);
        self
    }

    /// One page, beginning at the record number `offset`, 0 to 10,000.
    ///
    /// # Errors
    /// `Invalid` for a page size outside 1 to 100, or an offset above 10,000.
    pub async fn page(&self, offset: u64) -> Result<Response<Page<SyncTaskInfo>>> {
        self.read(offset, self.extent.page_size).await
    }

    async fn read(&self, offset: u64, size: u32) -> Result<Response<Page<SyncTaskInfo>>> {
        self.extent.check("ListSyncTasks", offset)?;
        let (size, offset) = (i32::try_from(size).ok(), i32::try_from(offset).ok());
        let answer = call!(&self.oms, list_sync_tasks(size, offset, self.status.as_ref()))?;
        Page::of("ListSyncTasks", answer.map(|list| (list.tasks, list.count)))
    }

    /// All records, page after page as they are asked for, each id once.
    pub fn stream(self) -> impl Stream<Item = Result<SyncTaskInfo>> + Send {
        self.records().map_ok(Record::into_inner)
    }

    /// As [`stream`](Self::stream), each record with the answer it came in.
    pub fn records(self) -> impl Stream<Item = Result<Record<SyncTaskInfo>>> + Send {
        let extent = self.extent;
        let list = Arc::new(self);
        records(
            "ListSyncTasks",
            extent,
            |task: &SyncTaskInfo| task.sync_task_id.clone(),
            move |offset, size| {
                let list = Arc::clone(&list);
                async move { list.read(offset, size).await }
            },
        )
    }

    /// All records at once.
    ///
    /// # Errors
    /// The first error of a page.
    pub async fn all(self) -> Result<Vec<SyncTaskInfo>> {
        self.stream().try_collect().await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn keys_are_encoded_byte_by_byte() {
        let keys = encode_keys(["a/b c.txt", "köln+&?#%/ü~", "plain-1_2.3"]).unwrap();
        assert_eq!(keys, ["a/b%20c.txt", "k%C3%B6ln%2B%26%3F%23%25/%C3%BC~", "plain-1_2.3"]);
    }

    #[test]
    fn keys_that_cannot_be_objects_are_refused() {
        assert!(encode_keys(Vec::<&str>::new()).unwrap_err().message().contains("at least one key"));
        let long = "ü".repeat(4_000);
        let error = encode_keys(["a", "", &long]).unwrap_err();
        assert!(error.message().contains("object_keys[1] is empty"), "{error}");
        assert!(error.message().contains("object_keys[2] has 24000 characters"), "{error}");
    }
}
