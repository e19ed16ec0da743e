//! The Object Storage Migration Service.
//!
//! It moves objects from other clouds, and between regions, into OBS. Work is
//! done by [tasks](Tasks) (up to about 3 TB or 5 million objects),
//! [groups](Groups), which the service splits into tasks, and
//! [sync tasks](SyncTasks), which copy objects as they are told of them.
//!
//! ```no_run
//! use std::time::Duration;
//! use hwmigrate::oms::{Destination, Source, TaskRequest};
//!
//! # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
//! # let (ak, sk, obs_ak, obs_sk) = ("made-up", "made-up", "made-up", "made-up");
//! let request = TaskRequest::new(
//!     Source::bucket("AWS", "eu-central-1", "photos", ak, sk),
//!     Destination::new("cn-north-4", "photos-copy", obs_ak, obs_sk),
//! );
//! let day = Duration::from_secs(86_400);
//! let report = client.oms().migrate(request).deadline(day).run().await?;
//! println!("{} objects, {} failed", report.objects.done, report.objects.failed);
//! # Ok(()) }
//! ```
//!
//! Requests are checked against the documented limits before they are sent;
//! the error of kind `Invalid` names every field that is wrong, and the fix.
//! The service keeps no idempotency key, so a create whose reply is lost ends
//! as `Ambiguous`; `create_once` settles that by itself.
//!
//! The region of the client must be the region of the destination bucket.
//! Reference: <https://support.huaweicloud.com/api-oms/>.

mod bandwidth;
mod buckets;
mod groups;
mod keys;
mod migrate;
mod request;
mod rules;
mod sync;
mod sync_request;
mod tasks;
mod view;

use std::time::Duration;

pub use crate::jobs::create::Created;
pub use crate::jobs::day_time::{DayTime, TimeWindow};
pub use crate::jobs::mark::Mark;
pub use crate::jobs::moment::{UnixMillis, UnixSeconds};
pub use crate::jobs::paging::{Page, Record};
pub use bandwidth::{Bandwidth, BandwidthPlan};
pub use buckets::{Buckets, ListObjects};
pub use groups::{Groups, ListGroups};
pub use hwmigrate_api::oms::types;
pub use keys::NodeKeys;
pub use migrate::{Migration, MigrationEvent, Report};
pub use request::{Destination, GroupRequest, Source, TaskRequest};
pub use sync::{ListSyncTasks, SyncTasks};
pub use sync_request::sync_request;
pub use tasks::{ListTasks, Tasks};

use std::sync::Arc;

use hwmigrate_api::oms::types::{CloudSide, CloudType, ShowRegionInfoResp, Version};

use crate::client::Client;
use crate::error::Result;
use crate::jobs::check::check_version;
use crate::transport::Shared;
use crate::transport::call::{CallOptions, ClientTransport, Response};
use crate::transport::retry::RetryPolicy;
use crate::wait::Unlimited;

/// The most records that the service's lists give at once.
const LARGEST_PAGE: u32 = 100;

/// The service, as one client sees it. A cheap handle, made by [`Client::oms`].
#[derive(Clone, Debug)]
pub struct Oms {
    pub(crate) shared: Arc<Shared>,
    options: CallOptions,
}

impl Client {
    /// The Object Storage Migration Service.
    pub fn oms(&self) -> Oms {
        Oms { shared: Arc::clone(&self.shared), options: CallOptions::default() }
    }
}

/// One call of a generated function, from the project id to our own errors.
macro_rules! call {
    ($oms:expr, $function:ident ( $($argument:expr),* $(,)? )) => {{
        let oms: &$crate::oms::Oms = $oms;
        let call = oms.shared.begin(&oms.options).await?;
        let outcome = call.oms()?.$function(&call.project_id $(, $argument)*).await;
        call.finish(outcome)
    }};
}
pub(crate) use call;

impl Oms {
    /// Gives every call of this handle at most this long, login and retries
    /// included; otherwise the client's call limit holds. Waits have limits of their own.
    ///
    /// ```no_run
    /// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
    /// let oms = client.oms().call_deadline(std::time::Duration::from_secs(10));
    /// let task = oms.tasks().show(17).await?;
    /// # Ok(()) }
    /// ```
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

    /// Migration tasks.
    pub fn tasks(&self) -> Tasks {
        Tasks::new(self.clone())
    }

    /// Migration task groups.
    pub fn groups(&self) -> Groups {
        Groups::new(self.clone())
    }

    /// Sync tasks.
    pub fn sync_tasks(&self) -> SyncTasks {
        SyncTasks::new(self.clone())
    }

    /// Look-ups in buckets of any provider.
    pub fn buckets(&self) -> Buckets {
        Buckets::new(self.clone())
    }

    /// A migration from the request to the report: created once, followed, and
    /// repeated for the objects that failed.
    pub fn migrate(&self, request: impl Into<types::CreateTaskReq>) -> Migration<Unlimited> {
        Migration::new(self.tasks(), request.into())
    }

    /// A migration that was begun before, by this process or another: follows
    /// the task, and starts it again with `keys` for the objects that failed.
    /// A paused task is started as well.
    pub fn resume(&self, task_id: i64, keys: NodeKeys) -> Migration<Unlimited> {
        Migration::attach(self.tasks(), task_id, keys)
    }

    /// The providers that the service knows, on one side of a migration.
    ///
    /// # Errors
    /// Those of every call; see the kinds of [`Error`](crate::Error).
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/ShowCloudType.html>.
    pub async fn cloud_types(&self, side: CloudSide) -> Result<Response<Vec<CloudType>>> {
        let answer = call!(self, show_cloud_type(&side))?;
        Ok(answer.map(|words| words.iter().map(|word| CloudType::from(word.as_str())).collect()))
    }

    /// The regions of each provider.
    ///
    /// # Errors
    /// Those of every call; see the kinds of [`Error`](crate::Error).
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/ShowRegionInfo.html>.
    pub async fn regions(&self) -> Result<Response<Vec<ShowRegionInfoResp>>> {
        call!(self, show_region_info())
    }

    /// The versions of the API that the endpoint serves.
    ///
    /// # Errors
    /// Those of every call; see the kinds of [`Error`](crate::Error).
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/ListApiVersions.html>.
    pub async fn versions(&self) -> Result<Response<Vec<Version>>> {
        let call = self.shared.begin_without_project(&self.options);
        let outcome = call.oms()?.list_api_versions().await;
        let answer = call.finish(outcome)?.map(|list| (list.versions, None));
        Ok(Page::of("ListApiVersions", answer)?.map(|page| page.items))
    }

    /// One version of the API, such as `v2`.
    ///
    /// # Errors
    /// `Invalid` for a word that is no version; `NotFound` for one that is not served.
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/ShowApiInfo.html>.
    pub async fn version(&self, version: &str) -> Result<Response<Version>> {
        check_version("ShowApiInfo", version)?;
        let call = self.shared.begin_without_project(&self.options);
        let outcome = call.oms()?.show_api_info(version).await;
        call.finish(outcome)
    }

    /// Records that the user agrees to the service's privacy terms.
    ///
    /// # Errors
    /// Those of every call; see the kinds of [`Error`](crate::Error).
    ///
    /// Source: <https://support.huaweicloud.com/api-oms/UpdatePrivacyAgreementRecord.html>.
    pub async fn agree_privacy(&self) -> Result<()> {
        call!(self, update_privacy_agreement_record()).map(drop)
    }

    /// The generated client of the whole service, authenticated and retried.
    ///
    /// Its functions take the project id first, see [`Client::project_id`], and
    /// return the generator's error type, which
    /// [`Error::from_generated`](crate::Error::from_generated) turns into ours.
    ///
    /// ```no_run
    /// # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
    /// let api = client.oms().api()?;
    /// let project = client.project_id().await?;
    /// let task = api.show_task(&project, 17).await.map_err(hwmigrate::Error::from_generated)?;
    /// # let _ = task; Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Config` when neither region nor endpoint is known.
    pub fn api(&self) -> Result<hwmigrate_api::oms::Client> {
        self.shared.oms_client(Arc::new(ClientTransport(Arc::clone(&self.shared))))
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
