//! Telling a task what to do.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

pub(super) use hwmigrate_api::sms::types::TaskAction as Action;
use hwmigrate_api::sms::types::UpdateTaskStatusReq;
use tokio::time::Instant;

use super::tasks::check_task_id;
use super::wait::tell;
use super::{Tasks, call};
use crate::clock;
use crate::error::Result;
use crate::progress::Progress;
use crate::wait::LAST_LOOK_GRACE;

/// An action on a task, to be sent; made by [`Tasks::action`] and its named
/// forms. Nothing happens before it is awaited.
///
/// ```no_run
/// use hwmigrate::sms::Action;
///
/// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
/// let tasks = client.sms().tasks();
/// tasks.start("5f0c…").consistency_check(true).await?;
/// tasks.action("5f0c…", Action::from("defrost")).force().await?;
/// # Ok(()) }
/// ```
///
/// The task is looked at first, and an action that would come to nothing in
/// its state is refused by the table of [`ruling`](super::ruling); see
/// [`force`](Self::force). The service answers as soon as it has taken the
/// action in: what comes of it shows the task's state.
///
/// # Errors
/// `Conflict` when the task is in a state where the action comes to nothing;
/// `NotFound` when there is none with this id; `Ambiguous` when the reply was
/// lost and the task does not show whether the action arrived. A start or stop
/// without any effect is sent again; no other action is ever sent twice.
///
/// Source: <https://support.huaweicloud.com/api-sms/UpdateTaskStatus.html>.
#[derive(Clone, Debug)]
#[must_use = "an action does nothing before it is awaited"]
pub struct ActionCall {
    tasks: Tasks,
    id: String,
    request: UpdateTaskStatusReq,
    force: bool,
    seen: Option<Progress>,
    until: Option<Instant>,
}

impl ActionCall {
    pub(super) fn new(tasks: Tasks, id: &str, action: Action) -> Self {
        Self {
            tasks,
            id: id.to_owned(),
            request: UpdateTaskStatusReq::new(action),
            force: false,
            seen: None,
            until: None,
        }
    }

    /// Sends the action whatever the task's state is, without looking first.
    pub fn force(mut self) -> Self {
        self.force = true;
        self
    }

    /// Judges by a look that was just made instead of looking first.
    pub(super) fn seen(mut self, look: &Progress) -> Self {
        self.seen = Some(look.clone());
        self
    }

    /// Sends nothing again after that moment, and nothing that would take much longer.
    pub(super) fn until(mut self, moment: Instant) -> Self {
        self.until = Some(moment);
        self
    }

    /// The template of the server that the action creates: a clone, say.
    pub fn template(mut self, id: impl Into<String>) -> Self {
        self.request.template_id = Some(id.into());
        self
    }

    /// Converts the system to Huawei Cloud EulerOS; Linux only.
    pub fn switch_hce(mut self, switch: bool) -> Self {
        self.request.switch_hce = Some(switch);
        self
    }

    /// Has the data of both sides compared.
    pub fn consistency_check(mut self, check: bool) -> Self {
        self.request.is_need_consistency_check = Some(check);
        self
    }

    /// Sends it; awaiting the call itself does the same.
    ///
    /// # Errors
    /// Those of [`ActionCall`].
    pub async fn send(self) -> Result<()> {
        let Self { tasks, id, request, force, seen, until } = &self;
        let tasks = || match until {
            Some(until) => {
                let left = until.saturating_duration_since(clock::instant());
                tasks.within(left.max(LAST_LOOK_GRACE))
            }
            None => tasks.clone(),
        };
        check_task_id("UpdateTaskStatus", id)?;
        let before = match seen {
            _ if *force => None,
            Some(seen) => Some(seen.clone()),
            None => Some(tasks().glance(id).await?),
        };
        let send = || async {
            let tasks = tasks();
            call!(tasks.sms(), update_task_status(id, request)).map(drop)
        };
        let look = || async { tasks().glance(id).await };
        tell(&request.operation, before.as_ref(), *until, look, send).await
    }
}

impl IntoFuture for ActionCall {
    type Output = Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
