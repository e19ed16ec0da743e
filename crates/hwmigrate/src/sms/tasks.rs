//! Migration tasks.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use hwmigrate_api::Secret;
use hwmigrate_api::sms::types::{
    ConfigBody, ConfigKey, ConfigurationRequestBody, DeleteTasksReq, PutTaskReq, ShowCertKeyResponse,
    ShowConfigSettingResponse, ShowTaskResponse, SpeedLimit as SpeedLimits, SpeedLimitlJsonResp, TaskState,
    TasksResponseBody, UploadLogRequestBody,
};

use super::list::{LAST_OFFSET, reading};
use super::servers::LONGEST_ID;
use super::speed::SpeedPlan;
use super::{Action, ActionCall, Page, Sms, call, rules};
use crate::error::Result;
use crate::jobs::check::{Checks, check_id, check_ids};
use crate::jobs::command::{all_deleted, found, gone_is_deleted};
use crate::jobs::paging::{Extent, incomplete};
use crate::jobs::remove::{Removal, remove};
use crate::transport::call::Response;

type Doing<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// Most tasks that one call deletes.
const MOST_DELETED: usize = 50;

/// Migration tasks; made by [`Sms::tasks`].
///
/// Reference: <https://support.huaweicloud.com/api-sms/CreateTask.html>.
#[derive(Clone, Debug)]
pub struct Tasks {
    sms: Sms,
}

impl Tasks {
    pub(super) fn new(sms: Sms) -> Self {
        Self { sms }
    }

    pub(super) fn sms(&self) -> &Sms {
        &self.sms
    }

    /// The same with calls that get at most this long, however long they otherwise may take.
    pub(super) fn within(&self, limit: Duration) -> Self {
        Self { sms: self.sms.within(limit) }
    }

    /// One task: its state, its steps, source, target and clone.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowTask.html>.
    pub async fn show(&self, id: &str) -> Result<Response<ShowTaskResponse>> {
        check_task_id("ShowTask", id)?;
        let answer = call!(&self.sms, show_task(id))?;
        if answer.value.id.is_none() && answer.value.state.is_none() {
            return Err(incomplete(
                "ShowTask",
                "the answer describes no task",
                answer.status,
                answer.request_id,
            ));
        }
        Ok(answer)
    }

    /// The list of tasks, to be narrowed and read.
    pub fn list(&self) -> ListTasks {
        ListTasks {
            sms: self.sms.clone(),
            state: None,
            name: None,
            id: None,
            source_server_id: None,
            enterprise_project_id: None,
            extent: Extent::new(200, LAST_OFFSET),
        }
    }

    /// Changes a task: its name, target, address, limit.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateTask.html>.
    pub async fn update(&self, id: &str, request: &PutTaskReq) -> Result<()> {
        check_task_id("UpdateTask", id)?;
        rules::update_task(request)?;
        call!(&self.sms, update_task(id, request)).map(drop)
    }

    /// Deletes a task that stands still. What it has copied stays.
    ///
    /// # Errors
    /// The service refuses while the source server is connected and initialize,
    /// stopping, deleting, cloning, replicate, syncing, cutovering, skipping,
    /// clearing or premiging; with which code it does not say.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/DeleteTask.html>.
    pub async fn delete(&self, id: &str) -> Result<()> {
        check_task_id("DeleteTask", id)?;
        gone_is_deleted(call!(&self.sms, delete_task(id)).map(drop))
    }

    /// Stops a task if it runs, waits until it stands still, and deletes it,
    /// all within `limit`. A task that is gone already is fine.
    ///
    /// ```no_run
    /// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
    /// let five_minutes = std::time::Duration::from_secs(300);
    /// client.sms().tasks().delete_when_stopped("5f0c…", five_minutes).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Timeout` when the limit passes first; the message says how far it got.
    pub async fn delete_when_stopped(&self, id: &str, limit: Duration) -> Result<()> {
        check_task_id("DeleteTask", id)?;
        let (tasks, own) = (self.clone(), id.to_owned());
        let delete = move || -> Doing<()> {
            let (tasks, id) = (tasks.clone(), own.clone());
            Box::pin(async move { tasks.delete(&id).await })
        };
        remove(Removal { job: self.job(id), delete: &delete, operation: "DeleteTask", limit }).await
    }

    /// Deletes 1 to 50 tasks with one request, by the rule of [`delete`](Self::delete).
    ///
    /// # Errors
    /// `Invalid` for no or more than 50 ids.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/DeleteTasks.html>.
    pub async fn delete_many<I: Into<String>>(&self, ids: impl IntoIterator<Item = I>) -> Result<()> {
        let ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        check_ids("DeleteTasks", "ids", &ids, MOST_DELETED, LONGEST_ID)?;
        let send = |ids| async move { call!(&self.sms, delete_tasks(&DeleteTasksReq { ids })).map(drop) };
        let is_there = |id: String| async move {
            let task = found(self.show(&id).await)?;
            Ok(task.is_some_and(|task| task.state != Some(TaskState::Deleting)))
        };
        all_deleted(ids, send, is_there).await
    }

    /// An action on a task. It is refused when the task is in a state where it
    /// comes to nothing, unless it is [forced](ActionCall::force).
    pub fn action(&self, id: &str, action: Action) -> ActionCall {
        ActionCall::new(self.clone(), id, action)
    }

    /// Starts a task, or goes on with one that was stopped or failed.
    pub fn start(&self, id: &str) -> ActionCall {
        self.action(id, Action::Start)
    }

    /// Pauses a running task. It is told, not done: the state is `ABORTING`, then `ABORT`.
    pub fn stop(&self, id: &str) -> ActionCall {
        self.action(id, Action::Stop)
    }

    /// Starts a task again; by older documents, resumes the live synchronisation.
    pub fn restart(&self, id: &str) -> ActionCall {
        self.action(id, Action::Restart)
    }

    /// Launches the target: the end of the migration.
    pub fn cutover(&self, id: &str) -> ActionCall {
        self.action(id, Action::Cutover)
    }

    /// The action named `test`, which no document explains.
    pub fn test(&self, id: &str) -> ActionCall {
        self.action(id, Action::Test)
    }

    /// Clones the target, to test the clone.
    pub fn clone_test(&self, id: &str) -> ActionCall {
        self.action(id, Action::CloneTest)
    }

    /// Starts a migration drill.
    pub fn migration_test(&self, id: &str) -> ActionCall {
        self.action(id, Action::MigrationTest)
    }

    /// Measures the network between source and target. The result is in
    /// `network_check_info` of the task.
    pub fn network_check(&self, id: &str) -> ActionCall {
        self.action(id, Action::NetworkCheck)
    }

    /// Skips the consistency check that the task is at.
    pub fn skip(&self, id: &str) -> ActionCall {
        self.action(id, Action::Skip)
    }

    /// Removes the snapshots of the target.
    pub fn clear(&self, id: &str) -> ActionCall {
        self.action(id, Action::Clear)
    }

    /// Rolls the target back after a failed synchronisation. The documents
    /// have dropped this action; the service may refuse it.
    pub fn rollback(&self, id: &str) -> ActionCall {
        self.action(id, Action::SyncFailedRollback)
    }

    /// The speed limits of a task over the day; see [`SpeedPlan::from_answer`].
    ///
    /// # Errors
    /// `NotFound` when there is no such task.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowsSpeedLimits.html>.
    pub async fn speed_limits(&self, id: &str) -> Result<Response<Vec<SpeedLimitlJsonResp>>> {
        check_task_id("ShowsSpeedLimits", id)?;
        let answer = call!(&self.sms, shows_speed_limits(id))?;
        Ok(answer.map(|answer| answer.speed_limit.unwrap_or_default()))
    }

    /// Replaces the speed limits of a task. An empty plan lifts them.
    ///
    /// # Errors
    /// `NotFound` when there is no such task.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UpdateSpeed.html>.
    pub async fn limit_speed(&self, id: &str, plan: &SpeedPlan) -> Result<()> {
        check_task_id("UpdateSpeed", id)?;
        let request = SpeedLimits { speed_limit: plan.to_request() };
        call!(&self.sms, update_speed(id, &request)).map(drop)
    }

    /// Uploads the log of a task to an OBS bucket. The share link that the
    /// list of servers shows afterwards is a secret.
    ///
    /// # Errors
    /// `Invalid` without a bucket; `NotFound` when there is no such task.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/CollectLog.html>.
    pub async fn collect_log(&self, id: &str, bucket: &str) -> Result<()> {
        check_task_id("CollectLog", id)?;
        let mut checks = Checks::new();
        checks.named("log_bucket", bucket, 255, "the bucket that receives the log");
        checks.finish("CollectLog")?;
        call!(&self.sms, collect_log(id, &UploadLogRequestBody { log_bucket: bucket.to_owned() })).map(drop)
    }

    /// The passphrase of the certificate for the secure channel of a task.
    ///
    /// # Errors
    /// `NotFound` when there is no such task.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowPassphrase.html>.
    pub async fn passphrase(&self, id: &str) -> Result<Response<Option<Secret>>> {
        check_task_id("ShowPassphrase", id)?;
        Ok(call!(&self.sms, show_passphrase(id))?.map(|answer| answer.passphrase))
    }

    /// The certificates and private keys for the secure channel of a task;
    /// with `with_ca` a certificate authority is made too. The keys are [`Secret`]s.
    ///
    /// # Errors
    /// `NotFound` when there is no such task.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowCertKey.html>.
    pub async fn cert_key(&self, id: &str, with_ca: bool) -> Result<Response<ShowCertKeyResponse>> {
        check_task_id("ShowCertKey", id)?;
        call!(&self.sms, show_cert_key(id, with_ca.then_some(true)))
    }

    /// The special options of a task: all of them, or one.
    ///
    /// # Errors
    /// `NotFound` when there is no such task.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowConfigSetting.html>.
    pub async fn settings(
        &self,
        id: &str,
        key: Option<&ConfigKey>,
    ) -> Result<Response<ShowConfigSettingResponse>> {
        check_task_id("ShowConfigSetting", id)?;
        call!(&self.sms, show_config_setting(id, key))
    }

    /// Sets special options of a task, such as directories that are left out.
    /// Values are texts of at most 1,024 characters; at most 1,000 options.
    ///
    /// ```no_run
    /// use hwmigrate::sms::types::{ConfigBody, ConfigKey};
    ///
    /// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
    /// let without_cache = ConfigBody::new(ConfigKey::MigrateExcludeDir, "/var/cache".to_owned());
    /// client.sms().tasks().configure("5f0c…", [without_cache]).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `NotFound` when there is no such task.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/UploadSpecialConfigurationSetting.html>.
    pub async fn configure(&self, id: &str, options: impl IntoIterator<Item = ConfigBody>) -> Result<()> {
        check_task_id("UploadSpecialConfigurationSetting", id)?;
        let request = ConfigurationRequestBody { configurations: options.into_iter().collect() };
        rules::configure(&request)?;
        call!(&self.sms, upload_special_configuration_setting(id, &request)).map(drop)
    }
}

/// Checks the id of a task.
pub(super) fn check_task_id(operation: &'static str, id: &str) -> Result<()> {
    check_id(operation, "task_id", id, LONGEST_ID)
}

/// The list of tasks; made by [`Tasks::list`]. Its order is not documented.
///
/// ```no_run
/// use hwmigrate::sms::types::TaskState;
///
/// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
/// let failed = client.sms().tasks().list().state(TaskState::MigrateFail).all().await?;
/// # let _ = failed; Ok(()) }
/// ```
///
/// Source: <https://support.huaweicloud.com/api-sms/ListTasks.html>.
#[derive(Clone, Debug)]
#[must_use = "a list does nothing before it is read"]
pub struct ListTasks {
    sms: Sms,
    state: Option<TaskState>,
    name: Option<String>,
    id: Option<String>,
    source_server_id: Option<String>,
    enterprise_project_id: Option<String>,
    extent: Extent,
}

impl ListTasks {
    /// Only tasks in this state. The service documents a filter by ten of its
    /// fourteen states: not by `SYNC_SUCCESS`, `SYNC_FAIL`, `SKIPPING` and `RESETING`.
    pub fn state(mut self, state: TaskState) -> Self {
        self.state = Some(state);
        self
    }

    /// Only tasks of this name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Only the task with this id.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Only tasks of this source server.
    pub fn source_server_id(mut self, id: impl Into<String>) -> Self {
        self.source_server_id = Some(id.into());
        self
    }

    /// Only tasks of this enterprise project.
    pub fn enterprise_project_id(mut self, id: impl Into<String>) -> Self {
        self.enterprise_project_id = Some(id.into());
        self
    }

    async fn read(&self, offset: i32, size: i32) -> Result<Response<Page<TasksResponseBody>>> {
        let mut checks = Checks::new();
        let texts = [
            ("name", &self.name),
            ("id", &self.id),
            ("source_server_id", &self.source_server_id),
            ("enterprise_project_id", &self.enterprise_project_id),
        ];
        for (field, text) in texts {
            checks.length(field, text.as_deref().unwrap_or_default(), LONGEST_ID);
        }
        checks.finish("ListTasks")?;
        let answer = call!(
            &self.sms,
            list_tasks(
                self.enterprise_project_id.as_deref(),
                self.id.as_deref(),
                Some(size),
                self.name.as_deref(),
                Some(offset),
                self.source_server_id.as_deref(),
                self.state.as_ref(),
            )
        )?;
        Page::of("ListTasks", answer.map(|list| (list.tasks, list.count.map(i64::from))))
    }
}

reading!(ListTasks, TasksResponseBody, "ListTasks", 200, |task: &TasksResponseBody| task.id.clone());
