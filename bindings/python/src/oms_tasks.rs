//! Migration tasks.

use std::future::Future;

use hwmigrate::oms::types::{CreateTaskReq, StartTaskReq, TaskStatus, UpdateBandwidthPolicyReq};
use hwmigrate::oms::{self, ListTasks};
use pyo3::prelude::*;

use crate::call::Call;
use crate::convert::{Limit, Offset, TaskId, settings};
use crate::json::Body;
use crate::oms::{Changes, page, parsed};
use crate::oms_request::Plan;
use crate::progress;
use crate::runtime::Runtime;
use crate::slot::Output;
use crate::source::{Source, nothing, plain};
use crate::watch::{self, FleetWatch, Lister, Manner, Watch};

/// Migration tasks.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Tasks {
    jobs: oms::Tasks,
    runtime: Runtime,
}

settings! {
    /// Which records of the list, and how many at once.
    struct Filter {
        status: Option<i64>,
        group_id: Option<String>,
        task_name: Option<String>,
        page_size: Option<u32>,
        limit: Option<u64>,
    }
}

#[pymethods]
impl Tasks {
    fn create(&self, request: Body<CreateTaskReq>) -> Call {
        self.call(
            |jobs| async move { jobs.create(&request.0).await.map(|job| plain(progress::created(&job))) },
        )
    }

    #[pyo3(signature = (request, mark=None))]
    fn create_once(
        &self,
        py: Python<'_>,
        request: Body<CreateTaskReq>,
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

    fn show(&self, id: TaskId) -> Call {
        self.call(|jobs| async move { jobs.show(id.0).await.map(Source::one) })
    }

    fn progress(&self, id: TaskId) -> Call {
        self.call(|jobs| async move { jobs.progress(id.0).await.map(progress::look) })
    }

    fn list(&self, filter: Filter) -> Lister {
        let page = filter.page_size.unwrap_or(100) as usize;
        Lister::new(&self.runtime, page, "tasks", self.filtered(filter).records())
    }

    fn page(&self, filter: Filter, offset: Offset) -> Call {
        let list = self.filtered(filter);
        Call::new(&self.runtime, async move { page("tasks", list.page(offset.0).await) })
    }

    fn start(&self, id: TaskId, request: Body<StartTaskReq>) -> Call {
        self.call(|jobs| async move { jobs.start(id.0, &request.0).await.map(nothing) })
    }

    fn stop(&self, id: TaskId) -> Call {
        self.call(|jobs| async move { jobs.stop(id.0).await.map(nothing) })
    }

    fn delete(&self, id: TaskId) -> Call {
        self.call(|jobs| async move { jobs.delete(id.0).await.map(nothing) })
    }

    fn delete_when_stopped(&self, id: TaskId, limit: Limit) -> Call {
        self.call(|jobs| async move { jobs.delete_when_stopped(id.0, limit.0.0).await.map(nothing) })
    }

    fn update_bandwidth_policy(&self, id: TaskId, request: Body<UpdateBandwidthPolicyReq>) -> Call {
        self.call(|jobs| async move { jobs.update_bandwidth_policy(id.0, &request.0).await.map(nothing) })
    }

    fn update_bandwidth(&self, id: TaskId, plan: Plan) -> Call {
        self.call(|jobs| async move { jobs.update_bandwidth(id.0, &plan.0).await.map(nothing) })
    }

    fn batch_update(&self, request: Changes) -> Call {
        self.call(|jobs| async move { jobs.batch_update(&request.0).await.map(nothing) })
    }

    fn wait(&self, id: TaskId, manner: Manner) -> Call {
        watch::wait(&self.runtime, self.jobs.wait(id.0), manner)
    }

    fn wait_or_stop(&self, id: TaskId, manner: Manner) -> Call {
        watch::wait_or_stop(&self.runtime, self.jobs.wait(id.0), manner)
    }

    fn watch(&self, id: TaskId, manner: Manner) -> Watch {
        Watch::new(&self.runtime, self.jobs.wait(id.0), manner)
    }

    fn wait_all(&self, ids: Vec<TaskId>, manner: Manner) -> Call {
        watch::wait_all(&self.runtime, self.jobs.wait_all(ids.into_iter().map(|id| id.0)), manner)
    }

    fn watch_all(&self, ids: Vec<TaskId>, manner: Manner) -> FleetWatch {
        FleetWatch::new(&self.runtime, self.jobs.wait_all(ids.into_iter().map(|id| id.0)), manner)
    }
}

impl Tasks {
    pub(crate) fn new(jobs: oms::Tasks, runtime: &Runtime) -> Self {
        Self { jobs, runtime: runtime.clone() }
    }

    fn call<F>(&self, work: impl FnOnce(oms::Tasks) -> F) -> Call
    where
        F: Future<Output = hwmigrate::Result<Output>> + Send + 'static,
    {
        Call::new(&self.runtime, work(self.jobs.clone()))
    }

    fn filtered(&self, filter: Filter) -> ListTasks {
        let mut list = self.jobs.list();
        if let Some(status) = filter.status {
            list = list.status(TaskStatus::from(status));
        }
        if let Some(group) = filter.group_id {
            list = list.group_id(group);
        }
        if let Some(part) = filter.task_name {
            list = list.task_name(part);
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
