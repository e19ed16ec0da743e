//! Creating a server task, once.

use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt;
use hwmigrate_api::sms::types::{PostTask, ShowTaskResponse, TasksResponseBody};

use super::{Created, Tasks, call, rules};
use crate::error::{Error, Result};
use crate::jobs::create::settle;
use crate::transport::call::Response;

impl Tasks {
    /// Creates a task with one POST. It begins by itself only with `auto_start`.
    ///
    /// There is no idempotency key: after a lost reply nobody knows whether
    /// the task exists. [`create_once`](Self::create_once) settles that.
    ///
    /// # Errors
    /// `Invalid` for a request that breaks a documented rule, before anything
    /// is sent; `Ambiguous` when the reply was lost.
    pub async fn create(&self, request: &PostTask) -> Result<Created<String>> {
        rules::create_task(request)?;
        let Response { value, request_id, .. } = call!(self.sms(), create_task(request))?;
        Created::from_answer("CreateTask", value.id, Some(request.name.clone()), request_id)
    }

    /// Creates a task exactly once, whatever happens to the reply.
    ///
    /// The tasks of the source server are read first. When the reply is lost,
    /// they are read again, several times within half a minute: a task that
    /// was not there before, with the name, the source server and the target
    /// region of the request, is adopted. A second POST is never sent.
    ///
    /// That is safe because a source server has at most one task: whoever
    /// creates one for it at the same moment either made the one that is found
    /// or was refused. It could be another's only if somebody else chose the
    /// same name and the same region for the same server within that half minute.
    ///
    /// # Errors
    /// As [`create`](Self::create); `Ambiguous` only when no such task appeared
    /// either; [`find`](Self::find) looks once more.
    pub async fn create_once(&self, request: &PostTask) -> Result<Created<String>> {
        let before = self.before_create(request).await?;
        match self.create(request).await {
            Err(lost) if lost.is_ambiguous() => {
                self.settle_create(lost, request, &before, Duration::MAX).await
            }
            outcome => outcome,
        }
    }

    /// The tasks that a request could be mistaken to have made; read before it is sent.
    pub(super) async fn before_create(&self, request: &PostTask) -> Result<Vec<Created<String>>> {
        rules::create_task(request)?;
        self.alike(request).await
    }

    /// Looks for the task of a create whose reply was lost, for at most that long.
    pub(super) async fn settle_create(
        &self,
        lost: Error,
        request: &PostTask,
        before: &[Created<String>],
        limit: Duration,
    ) -> Result<Created<String>> {
        let sign = format!("the name {:?} for the source server {}", request.name, request.source_server.id);
        settle(lost, &sign, limit, || self.made_by(request, before)).await
    }

    /// A refusal of a create, with the task that the source server has instead, if it has one.
    pub(super) async fn name_the_task(&self, refused: Error, source_server_id: &str) -> Error {
        let listed = self.list().source_server_id(source_server_id).all().await.unwrap_or_default();
        let own = |task: &&TasksResponseBody| {
            task.source_server.as_ref().and_then(|source| source.id.as_deref()) == Some(source_server_id)
        };
        let Some(id) = listed.iter().filter(own).find_map(|task| task.id.as_deref()) else { return refused };
        refused.with_advice(format!(
            "the source server has the task {id} already: go on with that one, or delete it first"
        ))
    }

    /// The task of a source server that has this name, if there is one: after
    /// a restart of the process, or a create that ended as `Ambiguous`.
    ///
    /// # Errors
    /// Those of [`list`](Self::list).
    pub async fn find(&self, source_server_id: &str, name: &str) -> Result<Option<Created<String>>> {
        let mut tasks = pin!(self.list().source_server_id(source_server_id).stream());
        while let Some(task) = tasks.try_next().await? {
            if is_alike(&task, source_server_id, name)
                && let Some(id) = task.id
            {
                return Ok(Some(Created { id, name: task.name, adopted: true, mark: None }));
            }
        }
        Ok(None)
    }

    /// The task that this request made, if it is there; or one that somebody else
    /// has made of the same request meanwhile, which nobody can tell from it.
    pub(super) async fn made_by(
        &self,
        request: &PostTask,
        before: &[Created<String>],
    ) -> Result<Option<Created<String>>> {
        for task in self.alike(request).await? {
            if before.iter().all(|old| old.id != task.id) {
                let shown = self.show(&task.id).await?.into_inner();
                if is_made_by(&shown, request) {
                    return Ok(Some(task));
                }
            }
        }
        Ok(None)
    }

    /// The tasks that could be the one that this request makes.
    async fn alike(&self, request: &PostTask) -> Result<Vec<Created<String>>> {
        let source = request.source_server.id.as_str();
        let tasks = self.list().source_server_id(source).all().await?;
        let found = tasks.into_iter().filter(|task| is_alike(task, source, &request.name));
        let created = |task: TasksResponseBody| {
            Some(Created { id: task.id?, name: task.name, adopted: true, mark: None })
        };
        Ok(found.filter_map(created).collect())
    }
}

/// Whether a listed task is the one of that name for that source server. The
/// filters of the list are not relied on.
fn is_alike(task: &TasksResponseBody, source_server_id: &str, name: &str) -> bool {
    let source = task.source_server.as_ref().and_then(|source| source.id.as_deref());
    task.name.as_deref() == Some(name) && source.is_none_or(|source| source == source_server_id)
}

/// Whether a task that was looked at may be the one of this request: nothing that it tells of source
/// and target says otherwise.
fn is_made_by(task: &ShowTaskResponse, request: &PostTask) -> bool {
    let told = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let source = task.source_server.as_ref().and_then(|source| source.id.as_deref());
    let target = task.target_server.as_ref();
    // A target that the service creates has no id in the request.
    let pairs = [
        (told(source), Some(request.source_server.id.clone())),
        (told(task.region_id.as_deref()), Some(request.region_id.clone())),
        (told(task.vm_template_id.as_deref()), told(request.vm_template_id.as_deref())),
        (
            told(target.and_then(|target| target.vm_id.as_deref())),
            told(request.target_server.vm_id.as_deref()),
        ),
    ];
    pairs.iter().all(|(has, asked)| has.is_none() || asked.is_none() || has == asked)
}
