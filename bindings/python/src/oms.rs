//! OMS, as Python's `Oms` and `AsyncOms` hold it.

use hwmigrate::oms::types::{BatchUpdateTasksReq, CloudSide, CreateTaskReq, StartTaskReq};
use hwmigrate::oms::{self, NodeKeys, Page};
use hwmigrate::wait::Unlimited;
use hwmigrate::{Error, Response, Result};
use pyo3::prelude::*;
use serde::Serialize;

use crate::call::Call;
use crate::convert::{PyPollPolicy, Span, TaskId, settings};
use crate::errors;
use crate::json::Body;
use crate::oms_groups::Groups;
use crate::oms_helpers::Buckets;
use crate::oms_sync::SyncTasks;
use crate::oms_tasks::Tasks;
use crate::progress;
use crate::runtime::Runtime;
use crate::slot::Output;
use crate::source::{Source, nothing};
use crate::watch::{Known, Run};

/// The service; its parts hang on it.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Oms {
    oms: oms::Oms,
    runtime: Runtime,
}

impl Oms {
    pub(crate) fn new(oms: oms::Oms, runtime: &Runtime) -> Self {
        Self { oms, runtime: runtime.clone() }
    }
}

settings! {
    /// How a migration is run.
    struct RunManner {
        timeout: Span,
        retry_rounds: Option<u32>,
        poll: Option<PyPollPolicy>,
        stall_after: Option<Span>,
        mark: Option<String>,
    }
}

#[pymethods]
impl Oms {
    fn tasks(&self) -> Tasks {
        Tasks::new(self.oms.tasks(), &self.runtime)
    }

    fn groups(&self) -> Groups {
        Groups::new(self.oms.groups(), &self.runtime)
    }

    fn sync_tasks(&self) -> SyncTasks {
        SyncTasks::new(self.oms.sync_tasks(), &self.runtime)
    }

    fn buckets(&self) -> Buckets {
        Buckets::new(self.oms.buckets(), &self.runtime)
    }

    fn migrate(&self, py: Python<'_>, request: Body<CreateTaskReq>, manner: RunManner) -> PyResult<Run> {
        self.run(py, self.oms.migrate(request.0), manner)
    }

    fn resume(
        &self,
        py: Python<'_>,
        id: TaskId,
        keys: Body<StartTaskReq>,
        manner: RunManner,
    ) -> PyResult<Run> {
        self.run(py, self.oms.resume(id.0, NodeKeys::from(keys.0)), manner)
    }

    fn cloud_types(&self, side: &str) -> Call {
        let (oms, side) = (self.oms.clone(), CloudSide::from(side));
        Call::new(&self.runtime, async move { oms.cloud_types(side).await.map(Source::many) })
    }

    fn regions(&self) -> Call {
        let oms = self.oms.clone();
        Call::new(&self.runtime, async move { oms.regions().await.map(Source::many) })
    }

    fn versions(&self) -> Call {
        let oms = self.oms.clone();
        Call::new(&self.runtime, async move {
            oms.versions().await.map(|answer| Source::listed("versions", answer, None))
        })
    }

    fn version(&self, version: String) -> Call {
        let oms = self.oms.clone();
        Call::new(&self.runtime, async move { oms.version(&version).await.map(Source::one) })
    }

    fn agree_privacy(&self) -> Call {
        let oms = self.oms.clone();
        Call::new(&self.runtime, async move { oms.agree_privacy().await.map(nothing) })
    }
}

impl Oms {
    fn run(&self, py: Python<'_>, migration: oms::Migration<Unlimited>, manner: RunManner) -> PyResult<Run> {
        let mut migration = migration.deadline(manner.timeout.0);
        if let Some(rounds) = manner.retry_rounds {
            migration = migration.retry_rounds(rounds);
        }
        if let Some(PyPollPolicy(policy, _)) = manner.poll {
            migration = migration.poll(policy);
        }
        if let Some(Span(span)) = manner.stall_after {
            migration = migration.stall_after(span);
        }
        if let Some(mark) = manner.mark {
            migration = migration.mark(parsed(py, &mark)?);
        }
        let known = Known::default();
        let written = known.clone();
        let migration = migration.on_event(move |event| match event {
            oms::MigrationEvent::Created(task) => written.created(progress::created(task)),
            oms::MigrationEvent::Ended(report) => written.ended(progress::report(report), &report.last),
            _ => {}
        });
        Ok(Run::new(&self.runtime, migration, known))
    }
}

/// Reads a text that the core can read.
pub(crate) fn parsed<T: std::str::FromStr<Err = Error>>(py: Python<'_>, text: &str) -> PyResult<T> {
    text.parse().map_err(|error| errors::raise(py, &error))
}

/// The records of a page, which are a member of the answer.
pub(crate) fn page<T: Serialize + Send + Sync + 'static>(
    member: &'static str,
    answer: Result<Response<Page<T>>>,
) -> Result<Output> {
    let answer = answer?;
    let count = answer.value.count;
    Ok(Source::listed(member, answer.map(|page| page.items), count))
}

/// The changes to several tasks at once.
pub(crate) type Changes = Body<BatchUpdateTasksReq>;
