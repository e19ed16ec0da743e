//! Migration task groups.

use std::future::Future;

use hwmigrate::oms::types::{
    CreateTaskGroupReq, RetryTaskGroupReq, StartTaskGroupReq, TaskGroupStatus, UpdateBandwidthPolicyReq,
};
use hwmigrate::oms::{self, ListGroups};
use pyo3::prelude::*;

use crate::call::Call;
use crate::convert::{Limit, Offset, settings};
use crate::json::Body;
use crate::oms::{page, parsed};
use crate::oms_request::Plan;
use crate::progress;
use crate::runtime::Runtime;
use crate::slot::Output;
use crate::source::{Source, nothing, plain};
use crate::watch::{self, FleetWatch, Lister, Manner, Watch};

/// Migration task groups.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Groups {
    jobs: oms::Groups,
    runtime: Runtime,
}

settings! {
    /// Which records of the list, and how many at once.
    struct Filter {
        status: Option<i64>,
        page_size: Option<u32>,
        limit: Option<u64>,
    }
}

#[pymethods]
impl Groups {
    fn create(&self, request: Body<CreateTaskGroupReq>) -> Call {
        self.call(
            |jobs| async move { jobs.create(&request.0).await.map(|job| plain(progress::created(&job))) },
        )
    }

    #[pyo3(signature = (request, mark=None))]
    fn create_once(
        &self,
        py: Python<'_>,
        request: Body<CreateTaskGroupReq>,
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

    fn show(&self, id: String) -> Call {
        self.call(|jobs| async move { jobs.show(&id).await.map(Source::one) })
    }

    fn progress(&self, id: String) -> Call {
        self.call(|jobs| async move { jobs.progress(&id).await.map(progress::look) })
    }

    fn list(&self, filter: Filter) -> Lister {
        let page = filter.page_size.unwrap_or(100) as usize;
        Lister::new(&self.runtime, page, "taskgroups", self.filtered(filter).records())
    }

    fn page(&self, filter: Filter, offset: Offset) -> Call {
        let list = self.filtered(filter);
        Call::new(&self.runtime, async move { page("taskgroups", list.page(offset.0).await) })
    }

    fn start(&self, id: String, request: Body<StartTaskGroupReq>) -> Call {
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

    fn retry(&self, id: String, request: Body<RetryTaskGroupReq>) -> Call {
        self.call(|jobs| async move { jobs.retry(&id, &request.0).await.map(nothing) })
    }

    fn update_bandwidth_policy(&self, id: String, request: Body<UpdateBandwidthPolicyReq>) -> Call {
        self.call(|jobs| async move { jobs.update_bandwidth_policy(&id, &request.0).await.map(nothing) })
    }

    fn update_bandwidth(&self, id: String, plan: Plan) -> Call {
        self.call(|jobs| async move { jobs.update_bandwidth(&id, &plan.0).await.map(nothing) })
    }

    fn wait(&self, id: String, manner: Manner) -> Call {
        watch::wait(&self.runtime, self.jobs.wait(&id), manner)
    }

    fn wait_or_stop(&self, id: String, manner: Manner) -> Call {
        watch::wait_or_stop(&self.runtime, self.jobs.wait(&id), manner)
    }

    fn watch(&self, id: String, manner: Manner) -> Watch {
        Watch::new(&self.runtime, self.jobs.wait(&id), manner)
    }

    fn wait_all(&self, ids: Vec<String>, manner: Manner) -> Call {
        watch::wait_all(&self.runtime, self.jobs.wait_all(ids), manner)
    }

    fn watch_all(&self, ids: Vec<String>, manner: Manner) -> FleetWatch {
        FleetWatch::new(&self.runtime, self.jobs.wait_all(ids), manner)
    }
}

impl Groups {
    pub(crate) fn new(jobs: oms::Groups, runtime: &Runtime) -> Self {
        Self { jobs, runtime: runtime.clone() }
    }

    fn call<F>(&self, work: impl FnOnce(oms::Groups) -> F) -> Call
    where
        F: Future<Output = hwmigrate::Result<Output>> + Send + 'static,
    {
        Call::new(&self.runtime, work(self.jobs.clone()))
    }

    fn filtered(&self, filter: Filter) -> ListGroups {
        let mut list = self.jobs.list();
        if let Some(status) = filter.status {
            list = list.status(TaskGroupStatus::from(status));
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
