//! Sync tasks.

use std::future::Future;

use hwmigrate::oms::types::{CreateSyncTaskReq, StartSyncTaskReq, StatisticDataType, SyncTaskStatus};
use hwmigrate::oms::{self, ListSyncTasks, UnixMillis};
use pyo3::prelude::*;

use crate::call::Call;
use crate::convert::{Limit, Moment, Offset, settings};
use crate::errors;
use crate::json::Body;
use crate::oms::{page, parsed};
use crate::progress;
use crate::runtime::Runtime;
use crate::slot::Output;
use crate::source::{Source, nothing, plain};
use crate::watch::Lister;

/// Sync tasks.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct SyncTasks {
    jobs: oms::SyncTasks,
    runtime: Runtime,
}

settings! {
    /// Which records of the list, and how many at once.
    struct Filter {
        status: Option<String>,
        page_size: Option<u32>,
        limit: Option<u64>,
    }
}

#[pymethods]
impl SyncTasks {
    fn create(&self, request: Body<CreateSyncTaskReq>) -> Call {
        self.call(
            |jobs| async move { jobs.create(&request.0).await.map(|job| plain(progress::created(&job))) },
        )
    }

    #[pyo3(signature = (request, mark=None))]
    fn create_once(
        &self,
        py: Python<'_>,
        request: Body<CreateSyncTaskReq>,
        mark: Option<&str>,
    ) -> PyResult<Call> {
        let mark = mark.map(|mark| parsed(py, mark)).transpose()?;
        Ok(self.call(|jobs| async move {
            let created = match mark {
                Some(mark) => jobs.create_marked(&request.0, &mark).await,
                None => jobs.create_once(&request.0).await,
            };
            created.map(|job| plain(progress::created(&job)))
        }))
    }

    fn find_marked(&self, py: Python<'_>, mark: &str) -> PyResult<Call> {
        let mark = parsed(py, mark)?;
        Ok(self.call(|jobs| async move {
            jobs.find_marked(&mark).await.map(|job| plain(job.as_ref().map(progress::created)))
        }))
    }

    fn show(&self, py: Python<'_>, id: String, month: Moment) -> PyResult<Call> {
        let month = unix(py, month)?;
        Ok(self.call(|jobs| async move { jobs.show(&id, month).await.map(Source::one) }))
    }

    fn list(&self, filter: Filter) -> Lister {
        let page = filter.page_size.unwrap_or(100) as usize;
        Lister::new(&self.runtime, page, "tasks", self.filtered(filter).records())
    }

    fn page(&self, filter: Filter, offset: Offset) -> Call {
        let list = self.filtered(filter);
        Call::new(&self.runtime, async move { page("tasks", list.page(offset.0).await) })
    }

    fn start(&self, id: String, request: Body<StartSyncTaskReq>) -> Call {
        self.call(|jobs| async move { jobs.start(&id, &request.0).await.map(nothing) })
    }

    fn stop(&self, id: String) -> Call {
        self.call(|jobs| async move { jobs.stop(&id).await.map(nothing) })
    }

    fn delete(&self, id: String) -> Call {
        self.call(|jobs| async move { jobs.delete(&id).await.map(nothing) })
    }

    fn delete_when_stopped(&self, id: String, limit: Limit) -> Call {
        self.call(|jobs| async move { jobs.delete_when_stopped(&id, limit.0.0).await.map(nothing) })
    }

    fn statistics(
        &self,
        py: Python<'_>,
        id: String,
        counters: Vec<String>,
        start: Moment,
        end: Moment,
    ) -> PyResult<Call> {
        let (start, end) = (unix(py, start)?, unix(py, end)?);
        let counters: Vec<_> = counters.into_iter().map(StatisticDataType::from).collect();
        Ok(self
            .call(|jobs| async move { jobs.statistics(&id, &counters, start, end).await.map(Source::one) }))
    }

    fn events(&self, id: String, keys: Vec<String>) -> Call {
        self.call(|jobs| async move { jobs.events(&id, keys).await.map(nothing) })
    }
}

impl SyncTasks {
    pub(crate) fn new(jobs: oms::SyncTasks, runtime: &Runtime) -> Self {
        Self { jobs, runtime: runtime.clone() }
    }

    fn call<F>(&self, work: impl FnOnce(oms::SyncTasks) -> F) -> Call
    where
        F: Future<Output = hwmigrate::Result<Output>> + Send + 'static,
    {
        Call::new(&self.runtime, work(self.jobs.clone()))
    }

    fn filtered(&self, filter: Filter) -> ListSyncTasks {
        let mut list = self.jobs.list();
        if let Some(status) = filter.status {
            list = list.status(SyncTaskStatus::from(status));
        }
        if let Some(size) = filter.page_size {
            list = list.page_size(size);
        }
        if let Some(records) = filter.limit {
            list = list.limit(records);
        }
        list
    }
}

fn unix(py: Python<'_>, moment: Moment) -> PyResult<UnixMillis> {
    UnixMillis::try_from(moment.0).map_err(|error| errors::raise(py, &error))
}
