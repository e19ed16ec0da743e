//! Migration tasks.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_util::TryStreamExt;
use hwmigrate_api::oms::types::{
    BatchUpdateTasksReq, CreateTaskReq, StartTaskReq, TaskResp, TaskStatus, UpdateBandwidthPolicyReq,
};

use super::bandwidth::BandwidthPlan;
use super::{Oms, call, rules};
use crate::board::{Gate, Page as Sight, Source, Watch};
use crate::error::Result;
use crate::fleet::Fleet;
use crate::jobs::check::{Checks, check_id, check_task_id};
use crate::jobs::command::{gone_is_deleted, resend, started, stopped};
use crate::jobs::create::{self, Created};
use crate::jobs::mark::Mark;
use crate::jobs::paging::{Extent, Page, Record, incomplete, records};
use crate::jobs::remove::{Removal, remove};
use crate::progress::{Progress, Resource};
use crate::transport::call::Response;
use crate::wait::{Job, Unlimited, Waiter};

type Doing<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// Largest offset that ListTasks takes.
const LAST_OFFSET: u64 = 2_147_483_647;

/// Migration tasks; made by [`Oms::tasks`].
///
/// Reference: <https://support.huaweicloud.com/api-oms/CreateTask.html>.
#[derive(Clone, Debug)]
pub struct Tasks {
    oms: Oms,
}

impl Tasks {
    pub(super) fn new(oms: Oms) -> Self {
        Self { oms }
    }

    /// The same with calls that get at most this long, however long they otherwise may take.
    pub(super) fn within(&self, limit: Duration) -> Self {
        Self { oms: self.oms.within(limit) }
    }

    /// Creates a task, which starts by itself, with one POST.
    ///
    /// There is no idempotency key: after a lost reply nobody knows whether
    /// the task exists. [`create_once`](Self::create_once) settles that.
    ///
    /// # Errors
    /// `Invalid` for a request that breaks a documented rule, before anything
    /// is sent; `Ambiguous` when the reply was lost; `Quota` above 1,500 tasks
    /// in 24 hours.
    pub async fn create(&self, request: &CreateTaskReq) -> Result<Created<i64>> {
        rules::create_task(request)?;
        let answer = call!(&self.oms, create_task(request))?;
        let Response { value, request_id, .. } = answer;
        Created::from_answer("CreateTask", value.id, value.task_name, request_id)
    }

    /// Creates a task exactly once, whatever happens to the reply.
    ///
    /// A unique [`Mark`] (28 characters) is appended to the description. When
    /// the reply is lost, the tasks are listed several times within half a
    /// minute; the one with the mark is adopted. A second POST is never sent.
    ///
    /// ```no_run
    /// # async fn demo(client: hwmigrate::Client, request: hwmigrate::oms::TaskRequest) -> hwmigrate::Result<()> {
    /// let created = client.oms().tasks().create_once(&request).await?;
    /// if created.adopted {
    ///     eprintln!("the reply was lost; found task {} by its mark", created.id);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`create`](Self::create); `Ambiguous` only when no task with the mark
    /// appeared either. The message carries the mark; [`find_marked`](Self::find_marked)
    /// looks once more.
    pub async fn create_once(&self, request: &CreateTaskReq) -> Result<Created<i64>> {
        self.create_marked(request, &Mark::unique()).await
    }

    /// As [`create_once`](Self::create_once), with a mark of the caller's: one
    /// that was written down before, so that the task is found again even when
    /// this process does not live to see the reply.
    ///
    /// It does not look for an earlier task first; [`find_marked`](Self::find_marked) does.
    ///
    /// # Errors
    /// As [`create_once`](Self::create_once).
    pub async fn create_marked(&self, request: &CreateTaskReq, mark: &Mark) -> Result<Created<i64>> {
        self.create_within(request, mark, Duration::MAX).await
    }

    /// The same for at most that long, the search for a lost task included.
    pub(super) async fn create_within(
        &self,
        request: &CreateTaskReq,
        mark: &Mark,
        limit: Duration,
    ) -> Result<Created<i64>> {
        rules::create_task(request)?;
        let description = mark.appended_to(request.description.as_deref(), "CreateTask")?;
        let marked = CreateTaskReq { description: Some(description), ..request.clone() };
        let hasty = self.within(limit);
        create::once(mark, limit, hasty.create(&marked), || self.find_marked(mark)).await
    }

    /// The task whose description carries the mark, if there is one. Reads the whole list.
    ///
    /// # Errors
    /// Those of [`list`](Self::list).
    pub async fn find_marked(&self, mark: &Mark) -> Result<Option<Created<i64>>> {
        create::find(mark, self.list().stream(), |task| (task.id, task.name, task.description)).await
    }

    /// One task.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/ShowTask.html>.
    pub async fn show(&self, id: i64) -> Result<Response<TaskResp>> {
        check_task_id("ShowTask", id)?;
        let answer = call!(&self.oms, show_task(id))?;
        if answer.value.id.is_none() && answer.value.status.is_none() {
            return Err(incomplete(
                "ShowTask",
                "the answer describes no task",
                answer.status,
                answer.request_id,
            ));
        }
        Ok(answer)
    }

    /// One task, as the common view.
    ///
    /// # Errors
    /// As [`show`](Self::show).
    pub async fn progress(&self, id: i64) -> Result<Progress> {
        let mut progress = Progress::from(&*self.show(id).await?);
        if progress.id.is_empty() {
            progress.id = id.to_string();
        }
        Ok(progress)
    }

    /// The list of tasks, to be narrowed and read.
    pub fn list(&self) -> ListTasks {
        ListTasks {
            oms: self.oms.clone(),
            status: None,
            group_id: None,
            task_name: None,
            extent: Extent::new(super::LARGEST_PAGE, LAST_OFFSET),
        }
    }

    /// Starts a paused or failed task. The keys must be sent anew, see
    /// [`NodeKeys::start_task`](super::NodeKeys::start_task).
    ///
    /// When the reply is lost, the task is read: only one that still stands
    /// still is told again.
    ///
    /// # Errors
    /// `Conflict` with OMS.0065 when it runs already, with OMS.0070 when it is complete.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/StartTask.html>.
    pub async fn start(&self, id: i64, request: &StartTaskReq) -> Result<()> {
        check_task_id("StartTask", id)?;
        rules::start_task(request)?;
        let look = || async { Ok(started(self.progress(id).await?.state)) };
        resend(look, || async { call!(&self.oms, start_task(id, request)).map(drop) }).await
    }

    /// Pauses a running task. It is told, not done: the state is `Pausing`, then
    /// `Paused`; wait with [`Until::Stopped`](crate::wait::Until::Stopped).
    ///
    /// When the reply is lost, the task is read: only one that still runs is
    /// told again.
    ///
    /// # Errors
    /// `Conflict` with OMS.0066 when it does not run, with OMS.0070 when it is complete.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/StopTask.html>.
    pub async fn stop(&self, id: i64) -> Result<()> {
        check_task_id("StopTask", id)?;
        let look = || async { Ok(stopped(self.progress(id).await?.state)) };
        resend(look, || async { call!(&self.oms, stop_task(id)).map(drop) }).await
    }

    /// Deletes a task that does not run. What it has copied stays.
    ///
    /// # Errors
    /// `Conflict` with OMS.0063 when it runs, and for a moment after a stop;
    /// [`delete_when_stopped`](Self::delete_when_stopped) sees to both.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/DeleteTask.html>.
    pub async fn delete(&self, id: i64) -> Result<()> {
        check_task_id("DeleteTask", id)?;
        gone_is_deleted(call!(&self.oms, delete_task(id)).map(drop))
    }

    /// Stops a task if it runs, waits until it stands still, and deletes it,
    /// all within `limit`. A task that is gone already is fine.
    ///
    /// ```no_run
    /// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
    /// client.oms().tasks().delete_when_stopped(17, std::time::Duration::from_secs(300)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Timeout` when the limit passes first; the message says how far it got.
    pub async fn delete_when_stopped(&self, id: i64, limit: Duration) -> Result<()> {
        check_task_id("DeleteTask", id)?;
        let tasks = self.clone();
        let delete = move || -> Doing<()> {
            let tasks = tasks.clone();
            Box::pin(async move { tasks.delete(id).await })
        };
        remove(Removal { job: self.job(id), delete: &delete, operation: "DeleteTask", limit }).await
    }

    /// Replaces the bandwidth limits of a task that has not ended. Whether an
    /// empty plan lifts them is not documented.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/UpdateBandwidthPolicy.html>.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    pub async fn update_bandwidth(&self, id: i64, plan: &BandwidthPlan) -> Result<()> {
        let request = UpdateBandwidthPolicyReq { bandwidth_policy: plan.to_policy() };
        self.update_bandwidth_policy(id, &request).await
    }

    /// As [`update_bandwidth`](Self::update_bandwidth), with the generated struct.
    ///
    /// # Errors
    /// `Invalid` for periods that are malformed, out of range or overlap.
    pub async fn update_bandwidth_policy(&self, id: i64, request: &UpdateBandwidthPolicyReq) -> Result<()> {
        check_task_id("UpdateBandwidthPolicy", id)?;
        rules::bandwidth("UpdateBandwidthPolicy", &request.bandwidth_policy)?;
        call!(&self.oms, update_bandwidth_policy(id, request)).map(drop)
    }

    /// Changes limits or priority of up to 20 tasks, or of all tasks of a group.
    ///
    /// # Errors
    /// `Invalid` unless exactly one of `group_id` and `ids` is given.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/BatchUpdateTasks.html>.
    pub async fn batch_update(&self, request: &BatchUpdateTasksReq) -> Result<()> {
        rules::batch_update(request)?;
        call!(&self.oms, batch_update_tasks(request)).map(drop)
    }

    /// Prepares a wait for one task. Many waits of one client share their requests.
    pub fn wait(&self, id: i64) -> Waiter<Unlimited> {
        Waiter::new(self.job(id))
    }

    /// Prepares a wait for many tasks, at the price of one list request per
    /// 100 tasks and round.
    pub fn wait_all(&self, ids: impl IntoIterator<Item = i64>) -> Fleet<Unlimited> {
        let gate = Gate::narrow();
        Fleet::new(ids.into_iter().map(|id| (id.to_string(), Waiter::new(self.job_behind(id, &gate)))))
    }

    pub(crate) fn job(&self, id: i64) -> Job {
        self.job_behind(id, &Gate::open())
    }

    fn job_behind(&self, id: i64, gate: &Gate) -> Job {
        let watch = Arc::new(Watch::new(&self.oms.shared.boards.tasks, gate));
        let (source, stopped): (Arc<dyn Source>, _) = (Arc::new(self.clone()), self.clone());
        Job {
            resource: Resource::Task,
            id: id.to_string(),
            dice: self.oms.dice(),
            look: Arc::new(move || {
                let (source, watch) = (Arc::clone(&source), Arc::clone(&watch));
                Box::pin(async move { watch.look(&source, &id.to_string()).await })
            }),
            stop: Arc::new(move || {
                let tasks = stopped.clone();
                Box::pin(async move { tasks.stop(id).await })
            }),
        }
    }
}

impl Source for Tasks {
    fn open_states(&self) -> &'static [i64] {
        // Waiting, running, pausing. The filter knows neither 6 nor 0.
        &[1, 2, 7]
    }

    fn page(&self, state: Option<i64>, offset: u64) -> Doing<Sight> {
        let mut list = self.list();
        list.status = state.map(TaskStatus::from);
        Box::pin(async move {
            let page = list.page(offset).await?;
            let jobs: Vec<Progress> = page.items.iter().map(Progress::from).collect();
            Ok(Sight { records: jobs.len() as u64, jobs, count: page.count })
        })
    }

    fn show(&self, id: &str) -> Doing<Progress> {
        let (tasks, id) = (self.clone(), id.parse().unwrap_or(-1));
        Box::pin(async move { tasks.progress(id).await })
    }
}

/// The list of tasks; made by [`Tasks::list`].
///
/// ```no_run
/// use futures_util::TryStreamExt as _;
/// use hwmigrate::oms::types::TaskStatus;
///
/// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
/// let failed = client.oms().tasks().list().status(TaskStatus::Failed).stream();
/// failed.try_for_each(|task| async move { Ok(println!("{:?}", task.id)) }).await?;
/// # Ok(()) }
/// ```
///
/// Source: <https://support.huaweicloud.com/api-oms/ListTasks.html>.
#[derive(Clone, Debug)]
#[must_use = "a list does nothing before it is read"]
pub struct ListTasks {
    oms: Oms,
    status: Option<TaskStatus>,
    group_id: Option<String>,
    task_name: Option<String>,
    extent: Extent,
}

impl ListTasks {
    /// Only tasks in this state. The service does not filter by 0 and 6.
    pub fn status(mut self, status: TaskStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Only tasks of this group.
    pub fn group_id(mut self, id: impl Into<String>) -> Self {
        self.group_id = Some(id.into());
        self
    }

    /// Only tasks whose name contains this; at most 255 characters, none of them special.
    pub fn task_name(mut self, part: impl Into<String>) -> Self {
        self.task_name = Some(part.into());
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
    pub async fn page(&self, offset: u64) -> Result<Response<Page<TaskResp>>> {
        self.read(offset, self.extent.page_size).await
    }

    async fn read(&self, offset: u64, size: u32) -> Result<Response<Page<TaskResp>>> {
        self.extent.check("ListTasks", offset)?;
        let mut checks = Checks::new();
        if let Some(id) = &self.group_id {
            checks.named("group_id", id, 100, "the id of a group, or leave the filter out");
        }
        checks.text("task_name", self.task_name.as_deref().unwrap_or_default(), 255);
        checks.finish("ListTasks")?;
        let (size, offset) = (i32::try_from(size).ok(), i32::try_from(offset).ok());
        let name = self.task_name.as_deref();
        let answer =
            call!(&self.oms, list_tasks(self.group_id.as_deref(), size, offset, self.status.as_ref(), name))?;
        Page::of("ListTasks", answer.map(|list| (list.tasks, list.count)))
    }

    /// All records, page after page as they are asked for, each id once.
    pub fn stream(self) -> impl Stream<Item = Result<TaskResp>> + Send {
        self.records().map_ok(Record::into_inner)
    }

    /// As [`stream`](Self::stream), each record with the answer it came in.
    pub fn records(self) -> impl Stream<Item = Result<Record<TaskResp>>> + Send {
        let extent = self.extent;
        let list = Arc::new(self);
        records(
            "ListTasks",
            extent,
            |task: &TaskResp| task.id.map(|id| id.to_string()),
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
    pub async fn all(self) -> Result<Vec<TaskResp>> {
        self.stream().try_collect().await
    }
}

/// Checks the id of a group.
pub(super) fn check_group_id(operation: &'static str, id: &str) -> Result<()> {
    check_id(operation, "group_id", id, 1024)
}
