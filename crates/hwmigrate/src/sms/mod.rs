//! The Server Migration Service.
//!
//! It moves whole servers, from other clouds or one's own rooms, to servers of
//! Huawei Cloud. An agent on the [source server](Servers) registers it; a
//! [task](Tasks) copies its disks to a target, keeps them in step
//! (`syncing`), and launches the target (`cutover`). [`Templates`]
//! describe targets that the service creates, [migration projects](Projects)
//! hold the defaults of many servers. [`Sms::migrate`] does all of it for one
//! server, [`Sms::bulk`] for many, a few at a time; [`Tasks::wait_until`]
//! follows a task to a [`Goal`].
//!
//! ```no_run
//! use hwmigrate::sms::types::SourceState;
//!
//! # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
//! let sms = client.sms();
//! for server in sms.servers().list().state(SourceState::Waiting).all().await? {
//!     println!("{} {}", server.id.unwrap_or_default(), server.name.unwrap_or_default());
//! }
//! # Ok(()) }
//! ```
//!
//! Units are those of the service: sizes in bytes (in templates GB), rates in
//! Mbit/s, times in milliseconds since 1970. The memory of a server is in MB
//! by some of the documents and in bytes by others; it is handed on as it came.
//!
//! SMS is served from a few regions, and the region of the endpoint is not
//! that of the target: see the settings of [`ClientBuilder`](crate::ClientBuilder).
//! Its paths name no project; [`SmsScope`](crate::SmsScope) tells what stands
//! in for it.
//!
//! Source: <https://support.huaweicloud.com/api-sms/>.

mod action;
mod agent;
mod bulk;
mod consistency;
mod create;
mod guard;
mod list;
mod migrate;
mod phases;
mod projects;
mod request;
mod rules;
mod servers;
mod speed;
mod state;
mod tasks;
mod templates;
mod wait;

use std::sync::Arc;
use std::time::Duration;

pub use action::ActionCall;
pub use agent::Agent;
pub use bulk::{Bulk, BulkEnd, BulkEvent};
pub use consistency::Export;
pub use guard::{Ruling, ruling};
pub use hwmigrate_api::sms::types;
pub use hwmigrate_api::sms::types::TaskAction as Action;
pub use migrate::{Migration, MigrationEvent, Report};
pub use projects::{ListProjects, Projects};
pub use request::{Target, TaskRequest};
pub use servers::{ListErrors, ListServers, Servers};
pub use speed::{SpeedLimit, SpeedPeriod, SpeedPlan};
pub use tasks::{ListTasks, Tasks};
pub use templates::{ListTemplates, Templates};
pub use wait::Goal;

pub use crate::jobs::create::Created;
pub use crate::jobs::day_time::{DayTime, TimeWindow};
pub use crate::jobs::moment::UnixMillis;
pub use crate::jobs::paging::{Page, Record};

use self::types::{ShowConfigResponse, Version};
use crate::client::Client;
use crate::error::Result;
use crate::jobs::check::check_version;
use crate::transport::Shared;
use crate::transport::call::{CallOptions, ClientTransport, Response};
use crate::transport::retry::RetryPolicy;

/// The service, as one client sees it. A cheap handle, made by [`Client::sms`].
#[derive(Clone, Debug)]
pub struct Sms {
    pub(crate) shared: Arc<Shared>,
    options: CallOptions,
}

impl Client {
    /// The Server Migration Service.
    pub fn sms(&self) -> Sms {
        Sms { shared: Arc::clone(&self.shared), options: CallOptions::default() }
    }
}

/// One call of a generated function, from its arguments to our own errors.
macro_rules! call {
    ($sms:expr, $function:ident ( $($argument:expr),* $(,)? )) => {{
        let sms: &$crate::sms::Sms = $sms;
        let call = sms.shared.begin_without_project(&sms.options);
        let outcome = call.sms()?.$function($($argument),*).await;
        call.finish(outcome)
    }};
}
pub(crate) use call;

impl Sms {
    /// Gives every call of this handle at most this long, login and retries
    /// included; otherwise the client's call limit holds. Waits have limits of their own.
    #[must_use]
    pub fn call_deadline(mut self, limit: Duration) -> Self {
        self.options.timeout = Some(limit);
        self
    }

    /// Repeats failed calls of this handle by this policy instead of the client's.
    #[must_use]
    pub fn call_retry(mut self, policy: RetryPolicy) -> Self {
        self.options.retry = Some(policy);
        self
    }

    /// Source servers.
    pub fn servers(&self) -> Servers {
        Servers::new(self.clone())
    }

    /// Migration tasks.
    pub fn tasks(&self) -> Tasks {
        Tasks::new(self.clone())
    }

    /// Templates of target servers.
    pub fn templates(&self) -> Templates {
        Templates::new(self.clone())
    }

    /// Migration projects: groups of source servers with defaults of their own.
    pub fn projects(&self) -> Projects {
        Projects::new(self.clone())
    }

    /// What the migration agent on a source server says to the service.
    pub fn agent(&self) -> Agent {
        Agent::new(self.clone())
    }

    /// The service's settings for agents: its main region, the domain of OBS,
    /// kinds of disks, and the regions. Keys may come and go.
    ///
    /// # Errors
    /// Those of every call; see the kinds of [`Error`](crate::Error).
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowConfig.html>.
    pub async fn config(&self) -> Result<Response<ShowConfigResponse>> {
        call!(self, show_config())
    }

    /// Records that the user agrees to the service's privacy statement.
    ///
    /// # Errors
    /// Those of every call; see the kinds of [`Error`](crate::Error).
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/CreatePrivacyAgreements.html>.
    pub async fn agree_privacy(&self) -> Result<()> {
        call!(self, create_privacy_agreements()).map(drop)
    }

    /// Whether the user has agreed to the privacy statement. An answer that
    /// does not say counts as no.
    ///
    /// # Errors
    /// Those of every call; see the kinds of [`Error`](crate::Error).
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowPrivacyAgreements.html>.
    pub async fn privacy_agreed(&self) -> Result<Response<bool>> {
        let answer = call!(self, show_privacy_agreements())?;
        Ok(answer.map(|answer| answer.flag.unwrap_or(false)))
    }

    /// The versions of the API that the endpoint serves.
    ///
    /// # Errors
    /// Those of every call; see the kinds of [`Error`](crate::Error).
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ListApiVersion.html>.
    pub async fn versions(&self) -> Result<Response<Vec<Version>>> {
        let answer = call!(self, list_api_version())?.map(|list| (list.versions, None));
        Ok(Page::of("ListApiVersion", answer)?.map(|page| page.items))
    }

    /// One version of the API, such as `v3`.
    ///
    /// # Errors
    /// `Invalid` for a word that is no version; `NotFound` for one that is not served.
    ///
    /// Source: <https://support.huaweicloud.com/api-sms/ShowApiVersion.html>.
    pub async fn version(&self, version: &str) -> Result<Response<types::ShowApiVersionResponse>> {
        check_version("ShowApiVersion", version)?;
        call!(self, show_api_version(version))
    }

    /// The generated client of the whole service, authenticated and retried.
    ///
    /// Its functions return the generator's error type, which
    /// [`Error::from_generated`](crate::Error::from_generated) turns into ours.
    ///
    /// ```no_run
    /// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
    /// let api = client.sms().api()?;
    /// let overview = api.show_overview().await.map_err(hwmigrate::Error::from_generated)?;
    /// # let _ = overview; Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Config` when neither region nor endpoint is known.
    pub fn api(&self) -> Result<hwmigrate_api::sms::Client> {
        self.shared.sms_client(Arc::new(ClientTransport(Arc::clone(&self.shared))))
    }

    /// The same with calls that get at most this long, however long they otherwise may take.
    fn within(&self, limit: Duration) -> Self {
        let own = self.options.timeout.unwrap_or(self.shared.config.call_timeout);
        self.clone().call_deadline(own.min(limit))
    }

    /// Randomness for the rhythm of one wait.
    pub(crate) fn dice(&self) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.shared.draw().to_bits())
    }
}
