//! SMS, as Python's `Sms` and `AsyncSms` hold it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt as _};
use hwmigrate::sms::types::{ConfigBody, ConfigKey, PostTask};
use hwmigrate::sms::{self, BulkEvent, Migration, SpeedPlan};
use hwmigrate::wait::Unlimited;
use hwmigrate::{Error, ErrorKind};
use pyo3::prelude::*;
use tokio::sync::Mutex;

use crate::call::Call;
use crate::convert::{PyPollPolicy, Span, settings};
use crate::errors;
use crate::json::Body;
use crate::oms::parsed;
use crate::progress::created;
use crate::runtime::Runtime;
use crate::slot::Output;
use crate::sms_parts::{Agent, Projects, Servers, Templates};
use crate::sms_progress::{bulk_ends, bulk_event, report};
use crate::sms_tasks::SmsTasks;
use crate::source::{Source, nothing, plain};
use crate::watch::{Known, Run};

/// The service; its parts hang on it.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Sms {
    sms: sms::Sms,
    runtime: Runtime,
}

/// Limits on speed by time of day: one for the whole day, or a dict of windows.
pub(crate) struct Speed(pub(crate) SpeedPlan);

impl<'py> FromPyObject<'_, 'py> for Speed {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let py = object.py();
        if object.is_none() {
            return Ok(Self(SpeedPlan::new()));
        }
        if let Ok(limit) = object.extract::<String>() {
            return Ok(Self(SpeedPlan::all_day(parsed(py, &limit)?)));
        }
        let mut plan = SpeedPlan::new();
        for pair in object.call_method0("items")?.try_iter()? {
            let (window, limit): (String, String) = pair?.extract()?;
            plan = plan
                .limit(parsed(py, &window)?, parsed(py, &limit)?)
                .map_err(|error| errors::raise(py, &error))?;
        }
        Ok(Self(plan))
    }
}

impl Speed {
    /// The plan, by which a task is stopped that exceeds it by more than so many percent.
    pub(crate) fn within(&self, percent: Option<f64>) -> hwmigrate::Result<SpeedPlan> {
        match percent {
            Some(percent) => self.0.clone().over_speed_threshold(percent),
            None => Ok(self.0.clone()),
        }
    }
}

settings! {
    /// How servers are migrated.
    struct RunManner {
        timeout: Span,
        cut_over: bool,
        speed: Option<Speed>,
        over_speed_threshold: Option<f64>,
        options: Vec<(String, String)>,
        poll: Option<PyPollPolicy>,
        stall_after: Option<Span>,
    }
}

impl RunManner {
    fn apply(&self, mut migration: Migration<Unlimited>) -> hwmigrate::Result<Migration<Unlimited>> {
        migration = migration.cut_over(self.cut_over).configure(configured(&self.options));
        match &self.speed {
            Some(speed) => migration = migration.limit_speed(speed.within(self.over_speed_threshold)?),
            None if self.over_speed_threshold.is_some() => {
                let why = "`over_speed_threshold` is given without `speed`: there is no limit to exceed";
                return Err(Error::new(ErrorKind::Invalid, why));
            }
            None => {}
        }
        if let Some(PyPollPolicy(policy, _)) = &self.poll {
            migration = migration.poll(policy.clone());
        }
        Ok(match self.stall_after {
            Some(Span(span)) => migration.stall_after(span),
            None => migration,
        })
    }
}

/// Options of a task, by their keys.
pub(crate) fn configured(options: &[(String, String)]) -> Vec<ConfigBody> {
    options.iter().map(|(key, value)| ConfigBody::new(ConfigKey::from(key.as_str()), value.clone())).collect()
}

settings! {
    /// How many servers are migrated together.
    struct Together {
        at_once: Option<usize>,
        in_waves: bool,
        stop_tasks: bool,
    }
}

/// A task to create, or the id of one that exists.
#[derive(FromPyObject)]
#[allow(clippy::large_enum_variant, reason = "taken apart as soon as it is made")]
enum Begun {
    Existing(String),
    New(Body<PostTask>),
}

#[pymethods]
impl Sms {
    fn servers(&self) -> Servers {
        Servers::new(self.sms.servers(), &self.runtime)
    }

    fn tasks(&self) -> SmsTasks {
        SmsTasks::new(self.sms.tasks(), &self.runtime)
    }

    fn templates(&self) -> Templates {
        Templates::new(self.sms.templates(), &self.runtime)
    }

    fn projects(&self) -> Projects {
        Projects::new(self.sms.projects(), &self.runtime)
    }

    fn agent(&self) -> Agent {
        Agent::new(self.sms.agent(), &self.runtime)
    }

    fn migrate(&self, py: Python<'_>, request: Body<PostTask>, manner: RunManner) -> PyResult<Run> {
        self.run(py, self.sms.migrate(request.0), &manner)
    }

    fn resume(&self, py: Python<'_>, id: String, manner: RunManner) -> PyResult<Run> {
        self.run(py, self.sms.resume(id), &manner)
    }

    fn bulk(
        &self,
        py: Python<'_>,
        jobs: Vec<Begun>,
        manner: RunManner,
        together: Together,
    ) -> PyResult<BulkRun> {
        let migrations = jobs.into_iter().map(|job| {
            manner.apply(match job {
                Begun::Existing(id) => self.sms.resume(id),
                Begun::New(Body(request)) => self.sms.migrate(request),
            })
        });
        let migrations: hwmigrate::Result<Vec<_>> = migrations.collect();
        let migrations = migrations.map_err(|error| errors::raise(py, &error))?;
        let mut bulk = self.sms.bulk(migrations).in_waves(together.in_waves).stop_tasks(together.stop_tasks);
        if let Some(servers) = together.at_once {
            bulk = bulk.at_once(servers).map_err(|error| errors::raise(py, &error))?;
        }
        let events = Stage::Ready(Some(Box::new(bulk.deadline(manner.timeout.0))));
        Ok(BulkRun { runtime: self.runtime.clone(), stage: Arc::new(Mutex::new(events)) })
    }

    fn config(&self) -> Call {
        self.call(|sms| async move { sms.config().await.map(Source::one) })
    }

    fn agree_privacy(&self) -> Call {
        self.call(|sms| async move { sms.agree_privacy().await.map(nothing) })
    }

    fn privacy_agreed(&self) -> Call {
        self.call(|sms| async move { sms.privacy_agreed().await.map(|answer| plain(answer.into_inner())) })
    }

    fn versions(&self) -> Call {
        self.call(
            |sms| async move { sms.versions().await.map(|answer| Source::listed("versions", answer, None)) },
        )
    }

    fn version(&self, version: String) -> Call {
        self.call(|sms| async move { sms.version(&version).await.map(Source::one) })
    }
}

impl Sms {
    pub(crate) fn new(sms: sms::Sms, runtime: &Runtime) -> Self {
        Self { sms, runtime: runtime.clone() }
    }

    fn run(&self, py: Python<'_>, migration: Migration<Unlimited>, manner: &RunManner) -> PyResult<Run> {
        let known = Known::default();
        let written = known.clone();
        let migration = manner.apply(migration).map_err(|error| errors::raise(py, &error))?;
        let migration = migration.on_event(move |event| match event {
            sms::MigrationEvent::Created(task) => written.created(created(task)),
            sms::MigrationEvent::Ended(end) => written.ended(report(end), &end.last),
            _ => {}
        });
        Ok(Run::new(&self.runtime, migration.deadline(manner.timeout.0), known))
    }

    fn call<F>(&self, work: impl FnOnce(sms::Sms) -> F) -> Call
    where
        F: Future<Output = hwmigrate::Result<Output>> + Send + 'static,
    {
        Call::new(&self.runtime, work(self.sms.clone()))
    }
}

type Events = Pin<Box<dyn Stream<Item = BulkEvent> + Send>>;

/// A bulk before and after its first event.
enum Stage {
    Ready(Option<Box<sms::Bulk>>),
    Under(Events),
}

/// Many migrations that are run, or followed event by event.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct BulkRun {
    runtime: Runtime,
    stage: Arc<Mutex<Stage>>,
}

#[pymethods]
impl BulkRun {
    /// The next event; none after the last one.
    fn next(&self) -> Call {
        let stage = Arc::clone(&self.stage);
        Call::new(&self.runtime, async move {
            let mut stage = stage.lock().await;
            if let Stage::Ready(bulk) = &mut *stage {
                let Some(bulk) = bulk.take() else { return Ok(nothing(())) };
                *stage = Stage::Under(Box::pin(bulk.stream_until(std::future::pending())));
            }
            let Stage::Under(events) = &mut *stage else { return Ok(nothing(())) };
            Ok(events.next().await.map_or_else(|| nothing(()), bulk_event))
        })
    }

    /// Runs to the end; when its caller gives up, nothing further begins.
    fn run(&self) -> Call {
        let stage = Arc::clone(&self.stage);
        Call::stoppable(&self.runtime, |cancelled| async move {
            let bulk = match &mut *stage.lock().await {
                Stage::Ready(bulk) => bulk.take(),
                Stage::Under(_) => None,
            };
            match bulk {
                Some(bulk) => Ok(bulk_ends(bulk.run_until(cancelled).await)),
                None => Ok(bulk_ends(Vec::new())),
            }
        })
    }
}
