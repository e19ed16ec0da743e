//! Migration task groups.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_util::TryStreamExt;
use hwmigrate_api::oms::types::{
    CreateTaskGroupReq, RetryTaskGroupReq, StartTaskGroupReq, TaskGroupResp, TaskGroupStatus,
    UpdateBandwidthPolicyReq,
};

use super::bandwidth::BandwidthPlan;
use super::tasks::check_group_id;
use super::{Oms, call, rules};
use crate::board::{Gate, Page as Sight, Source, Watch};
use crate::error::Result;
use crate::fleet::Fleet;
use crate::jobs::command::{gone_is_deleted, resend, started, stopped};
use crate::jobs::create::{self, Created};
use crate::jobs::mark::Mark;
use crate::jobs::paging::{Extent, Page, Record, incomplete, records};
use crate::jobs::remove::{Removal, remove};
use crate::progress::{Progress, Resource};
use crate::transport::call::Response;
use crate::wait::{Job, Unlimited, Waiter};

type Doing<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// Largest offset that ListTaskGroup takes.
const LAST_OFFSET: u64 = 2_147_483_647;

/// Task groups; made by [`Oms::groups`].
///
/// Reference: <https://support.huaweicloud.com/api-oms/CreateTaskGroup.html>.
#[derive(Clone, Debug)]
pub struct Groups {
    oms: Oms,
}

impl Groups {
    pub(super) fn new(oms: Oms) -> Self {
        Self { oms }
    }

    /// Creates a group, which starts by itself, with one POST.
    ///
    /// # Errors
    /// `Invalid` for a request that breaks a documented rule, before anything
    /// is sent; `Ambiguous` when the reply was lost, see [`create_once`](Self::create_once).
    pub async fn create(&self, request: &CreateTaskGroupReq) -> Result<Created<String>> {
        rules::create_group(request)?;
        let Response { value, request_id, .. } = call!(&self.oms, create_task_group(request))?;
        let id = value.group_id.filter(|id| !id.is_empty());
        Created::from_answer("CreateTaskGroup", id, None, request_id)
    }

    /// Creates a group exactly once, whatever happens to the reply; works like
    /// [`Tasks::create_once`](super::Tasks::create_once).
    ///
    /// # Errors
    /// As [`create`](Self::create); `Ambiguous` only when no group with the mark appeared either.
    pub async fn create_once(&self, request: &CreateTaskGroupReq) -> Result<Created<String>> {
        self.create_marked(request, &Mark::unique()).await
    }

    /// As [`create_once`](Self::create_once), with a mark that the caller wrote down before.
    ///
    /// # Errors
    /// As [`create_once`](Self::create_once).
    pub async fn create_marked(&self, request: &CreateTaskGroupReq, mark: &Mark) -> Result<Created<String>> {
        rules::create_group(request)?;
        let description = mark.appended_to(request.description.as_deref(), "CreateTaskGroup")?;
        let marked = CreateTaskGroupReq { description: Some(description), ..request.clone() };
        create::once(mark, Duration::MAX, self.create(&marked), || self.find_marked(mark)).await
    }

    /// The group whose description carries the mark, if there is one. Reads the whole list.
    ///
    /// # Errors
    /// Those of [`list`](Self::list).
    pub async fn find_marked(&self, mark: &Mark) -> Result<Option<Created<String>>> {
        create::find(mark, self.list().stream(), |group| (group.group_id, None, group.description)).await
    }

    /// One group.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/ShowTaskGroup.html>.
    pub async fn show(&self, id: &str) -> Result<Response<TaskGroupResp>> {
        check_group_id("ShowTaskGroup", id)?;
        let answer = call!(&self.oms, show_task_group(id))?;
        if answer.value.group_id.is_none() && answer.value.status.is_none() {
            let what = "the answer describes no task group";
            return Err(incomplete("ShowTaskGroup", what, answer.status, answer.request_id));
        }
        Ok(answer)
    }

    /// One group, as the common view.
    ///
    /// # Errors
    /// As [`show`](Self::show).
    pub async fn progress(&self, id: &str) -> Result<Progress> {
        let mut progress = Progress::from(&*self.show(id).await?);
        if progress.id.is_empty() {
            id.clone_into(&mut progress.id);
        }
        Ok(progress)
    }

    /// The list of groups, to be narrowed and read.
    pub fn list(&self) -> ListGroups {
        ListGroups {
            oms: self.oms.clone(),
            status: None,
            extent: Extent::new(super::LARGEST_PAGE, LAST_OFFSET),
        }
    }

    /// Resumes a paused group. The keys must be sent anew, see
    /// [`NodeKeys::start_group`](super::NodeKeys::start_group). When the reply
    /// is lost, the group is read before it is told again.
    ///
    /// # Errors
    /// `Conflict` with OMS.1039 when it is not paused.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/StartTaskGroup.html>.
    pub async fn start(&self, id: &str, request: &StartTaskGroupReq) -> Result<()> {
        check_group_id("StartTaskGroup", id)?;
        rules::start_group(request)?;
        let send = || async { call!(&self.oms, start_task_group(id, request)).map(drop) };
        resend(|| async { Ok(started(self.progress(id).await?.state)) }, send).await
    }

    /// Pauses a running group. It is told, not done: wait with
    /// [`Until::Stopped`](crate::wait::Until::Stopped). When the reply is lost,
    /// the group is read before it is told again.
    ///
    /// # Errors
    /// `Conflict` with OMS.1038 when it does not run, or still creates its tasks.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/StopTaskGroup.html>.
    pub async fn stop(&self, id: &str) -> Result<()> {
        check_group_id("StopTaskGroup", id)?;
        let send = || async { call!(&self.oms, stop_task_group(id)).map(drop) };
        resend(|| async { Ok(stopped(self.progress(id).await?.state)) }, send).await
    }

    /// Runs a failed group again; the generated struct says whether all of it
    /// or the failed objects alone. When the reply is lost, the group is read
    /// before it is told again.
    ///
    /// # Errors
    /// `Conflict` with OMS.1040 when it has not failed.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/RetryTaskGroup.html>.
    pub async fn retry(&self, id: &str, request: &RetryTaskGroupReq) -> Result<()> {
        check_group_id("RetryTaskGroup", id)?;
        rules::retry_group(request)?;
        let send = || async { call!(&self.oms, retry_task_group(id, request)).map(drop) };
        resend(|| async { Ok(started(self.progress(id).await?.state)) }, send).await
    }

    /// Deletes a group that does not run. It is told, not done: the group goes
    /// through states of its own before the service forgets it.
    ///
    /// # Errors
    /// `Conflict` when it runs; [`delete_when_stopped`](Self::delete_when_stopped) sees to that.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/DeleteTaskGroup.html>.
    pub async fn delete(&self, id: &str) -> Result<()> {
        check_group_id("DeleteTaskGroup", id)?;
        gone_is_deleted(call!(&self.oms, delete_task_group(id)).map(drop))
    }

    /// Stops a group if it runs, waits until it stands still, deletes it, and
    /// waits until the service has forgotten it, all within `limit`.
    ///
    /// # Errors
    /// `Timeout` when the limit passes first; the message says how far it got.
    pub async fn delete_when_stopped(&self, id: &str, limit: Duration) -> Result<()> {
        check_group_id("DeleteTaskGroup", id)?;
        let (groups, owned) = (self.clone(), id.to_owned());
        let delete = move || -> Doing<()> {
            let (groups, id) = (groups.clone(), owned.clone());
            Box::pin(async move { groups.delete(&id).await })
        };
        remove(Removal { job: self.job(id), delete: &delete, operation: "DeleteTaskGroup", limit }).await
    }

    /// Replaces the bandwidth limits of a group that has not ended.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/UpdateTaskGroup.html>.
    pub async fn update_bandwidth(&self, id: &str, plan: &BandwidthPlan) -> Result<()> {
        let request = UpdateBandwidthPolicyReq { bandwidth_policy: plan.to_policy() };
        self.update_bandwidth_policy(id, &request).await
    }

    /// As [`update_bandwidth`](Self::update_bandwidth), with the generated struct.
    ///
    /// # Errors
    /// `Invalid` for periods that are malformed, out of range or overlap.
    pub async fn update_bandwidth_policy(&self, id: &str, request: &UpdateBandwidthPolicyReq) -> Result<()> {
        check_group_id("UpdateTaskGroup", id)?;
        rules::bandwidth("UpdateTaskGroup", &request.bandwidth_policy)?;
        call!(&self.oms, update_task_group(id, request)).map(drop)
    }

    /// Prepares a wait for one group.
    pub fn wait(&self, id: &str) -> Waiter<Unlimited> {
        Waiter::new(self.job(id))
    }

    /// Prepares a wait for many groups.
    pub fn wait_all(&self, ids: impl IntoIterator<Item = impl Into<String>>) -> Fleet<Unlimited> {
        let gate = Gate::narrow();
        Fleet::new(ids.into_iter().map(|id| {
            let id = id.into();
            let waiter = Waiter::new(self.job_behind(&id, &gate));
            (id, waiter)
        }))
    }

    pub(crate) fn job(&self, id: &str) -> Job {
        self.job_behind(id, &Gate::open())
    }

    fn job_behind(&self, id: &str, gate: &Gate) -> Job {
        let watch = Arc::new(Watch::new(&self.oms.shared.boards.groups, gate));
        let (source, stopped): (Arc<dyn Source>, _) = (Arc::new(self.clone()), self.clone());
        let (look_id, stop_id) = (id.to_owned(), id.to_owned());
        Job {
            resource: Resource::Group,
            id: id.to_owned(),
            dice: self.oms.dice(),
            look: Arc::new(move || {
                let (source, watch) = (Arc::clone(&source), Arc::clone(&watch));
                let id = look_id.clone();
                Box::pin(async move { watch.look(&source, &id).await })
            }),
            stop: Arc::new(move || {
                let (groups, id) = (stopped.clone(), stop_id.clone());
                Box::pin(async move { groups.stop(&id).await })
            }),
        }
    }
}

impl Source for Groups {
    fn open_states(&self) -> &'static [i64] {
        // Waiting, creating, monitoring, pausing, waiting to be deleted.
        &[0, 1, 2, 7, 8]
    }

    fn page(&self, state: Option<i64>, offset: u64) -> Doing<Sight> {
        let mut list = self.list();
        list.status = state.map(TaskGroupStatus::from);
        Box::pin(async move {
            let page = list.page(offset).await?;
            let jobs: Vec<Progress> = page.items.iter().map(Progress::from).collect();
            Ok(Sight { records: jobs.len() as u64, jobs, count: page.count })
        })
    }

    fn show(&self, id: &str) -> Doing<Progress> {
        let (groups, id) = (self.clone(), id.to_owned());
        Box::pin(async move { groups.progress(&id).await })
    }
}

/// The list of groups; made by [`Groups::list`].
///
/// The service leaves the numbers of tasks out of lists; [`Groups::show`] has them.
///
/// Source: <https://support.huaweicloud.com/api-oms/ListTaskGroup.html>.
#[derive(Clone, Debug)]
#[must_use = "a list does nothing before it is read"]
pub struct ListGroups {
    oms: Oms,
    status: Option<TaskGroupStatus>,
    extent: Extent,
}

impl ListGroups {
    /// Only groups in this state.
    pub fn status(mut self, status: TaskGroupStatus) -> Self {
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

    /// One page, beginning at the record number `offset`.
    ///
    /// # Errors
    /// `Invalid` for a page size outside 1 to 100.
    pub async fn page(&self, offset: u64) -> Result<Response<Page<TaskGroupResp>>> {
        self.read(offset, self.extent.page_size).await
    }

    async fn read(&self, offset: u64, size: u32) -> Result<Response<Page<TaskGroupResp>>> {
        self.extent.check("ListTaskGroup", offset)?;
        let (size, offset) = (i32::try_from(size).ok(), i32::try_from(offset).ok());
        let answer = call!(&self.oms, list_task_group(size, offset, self.status.as_ref()))?;
        Page::of("ListTaskGroup", answer.map(|list| (list.taskgroups, list.count)))
    }

    /// All records, page after page as they are asked for, each id once.
    pub fn stream(self) -> impl Stream<Item = Result<TaskGroupResp>> + Send {
        self.records().map_ok(Record::into_inner)
    }

    /// As [`stream`](Self::stream), each record with the answer it came in.
    pub fn records(self) -> impl Stream<Item = Result<Record<TaskGroupResp>>> + Send {
        let extent = self.extent;
        let list = Arc::new(self);
        records(
            "ListTaskGroup",
            extent,
            |group: &TaskGroupResp| group.group_id.clone(),
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
    pub async fn all(self) -> Result<Vec<TaskGroupResp>> {
        self.stream().try_collect().await
    }
}
