//! Waits and lists that are read step by step.
//!
//! Each step is a [`Call`]. A step that is given up half-way leaves its wait
//! or list where it was, so the next one goes on from there.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};

use futures_util::{FutureExt as _, Stream, StreamExt as _};
use hwmigrate::fleet::{Fleet, FleetEvent};
use hwmigrate::oms::Record;
use hwmigrate::progress::Progress;
use hwmigrate::wait::{Unlimited, Waiter};
use hwmigrate::{Error, ErrorKind, Result, oms, sms};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::call::{Call, Work};
use crate::convert::{Goal, PyPollPolicy, Span, settings};
use crate::progress;
use crate::runtime::Runtime;
use crate::slot::Output;
use crate::sms_progress;
use crate::source::{Source, nothing};
use crate::value::to_python;

settings! {
    /// How to wait.
    pub(crate) struct Manner {
        timeout: Span,
        until: Option<Goal>,
        poll: Option<PyPollPolicy>,
        stall_after: Option<Span>,
        after_start: Option<Before>,
    }
}

/// What a job looked like before it was started.
struct Before(Progress);

impl<'py> FromPyObject<'_, 'py> for Before {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let source = object.getattr_opt(pyo3::intern!(object.py(), "_source"))?;
        let look = source.and_then(|source| source.cast::<Source>().ok()?.get().look().cloned());
        look.map(Self).ok_or_else(|| PyTypeError::new_err("`after_start` takes a look at a job"))
    }
}

/// Waits and fleets take the same settings.
macro_rules! apply {
    ($manner:expr, $wait:expr) => {{
        let mut wait = $wait;
        if let Some(Goal(until)) = $manner.until {
            wait = wait.until(until);
        }
        if let Some(PyPollPolicy(policy, _)) = $manner.poll {
            wait = wait.poll(policy);
        }
        if let Some(Span(span)) = $manner.stall_after {
            wait = wait.stall_after(span);
        }
        wait.deadline($manner.timeout.0)
    }};
}

/// A wait for one job.
fn waiting(waiter: Waiter<Unlimited>, mut manner: Manner) -> Waiter {
    let waiter = match manner.after_start.take() {
        Some(Before(look)) => waiter.after_start(look),
        None => waiter,
    };
    apply!(manner, waiter)
}

/// Waits for the outcome.
pub(crate) fn wait(runtime: &Runtime, waiter: Waiter<Unlimited>, manner: Manner) -> Call {
    let waiter = waiting(waiter, manner);
    Call::new(runtime, async move { waiter.wait().await.map(progress::waited) })
}

/// Waits for the outcome, and stops the job when its caller gives up.
pub(crate) fn wait_or_stop(runtime: &Runtime, waiter: Waiter<Unlimited>, manner: Manner) -> Call {
    let waiter = waiting(waiter, manner);
    Call::stoppable(
        runtime,
        |cancelled| async move { waiter.wait_or_stop(cancelled).await.map(progress::waited) },
    )
}

/// Waits for many outcomes.
pub(crate) fn wait_all(runtime: &Runtime, fleet: Fleet<Unlimited>, manner: Manner) -> Call {
    let fleet = apply!(manner, fleet);
    Call::new(runtime, async move { Ok(progress::fleet_ends(fleet.wait().await)) })
}

/// A wait that is followed look by look.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Watch {
    runtime: Runtime,
    waiter: Arc<Mutex<Waiter>>,
}

impl Watch {
    pub(crate) fn new(runtime: &Runtime, waiter: Waiter<Unlimited>, manner: Manner) -> Self {
        let waiter = Arc::new(Mutex::new(waiting(waiter, manner)));
        Self { runtime: runtime.clone(), waiter }
    }
}

#[pymethods]
impl Watch {
    /// The next look; none after the last one.
    fn next(&self) -> Call {
        let waiter = Arc::clone(&self.waiter);
        Call::new(&self.runtime, async move {
            Ok(match waiter.lock().await.next().await? {
                Some(look) => progress::look(look),
                None => nothing(()),
            })
        })
    }

    /// How the wait ended, if it has.
    fn outcome(&self) -> Call {
        let waiter = Arc::clone(&self.waiter);
        Call::new(&self.runtime, async move {
            let outcome = waiter.lock().await.outcome().cloned();
            Ok(outcome.map_or_else(|| nothing(()), progress::waited))
        })
    }
}

type Events = Pin<Box<dyn Stream<Item = FleetEvent> + Send>>;

/// Many waits that are followed event by event.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct FleetWatch {
    runtime: Runtime,
    events: Arc<Mutex<Events>>,
}

impl FleetWatch {
    pub(crate) fn new(runtime: &Runtime, fleet: Fleet<Unlimited>, manner: Manner) -> Self {
        let events: Events = Box::pin(apply!(manner, fleet).stream());
        Self { runtime: runtime.clone(), events: Arc::new(Mutex::new(events)) }
    }
}

#[pymethods]
impl FleetWatch {
    /// The next event; none after the last one.
    fn next(&self) -> Call {
        let events = Arc::clone(&self.events);
        Call::new(&self.runtime, async move {
            Ok(match events.lock().await.next().await {
                Some(event) => progress::fleet_event(event),
                None => nothing(()),
            })
        })
    }
}

/// What is known of a migration, whoever reads its events: written as it happens, so that it is
/// known as well where its caller was interrupted meanwhile.
#[derive(Clone, Default)]
pub(crate) struct Known(Arc<std::sync::Mutex<Facts>>);

#[derive(Default)]
struct Facts {
    created: Option<Value>,
    report: Option<(Value, Progress)>,
}

impl Known {
    pub(crate) fn created(&self, task: Value) {
        self.lock().created = Some(task);
    }

    /// The report, and the last look that it holds.
    pub(crate) fn ended(&self, report: Value, last: &Progress) {
        self.lock().report = Some((report, last.clone()));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A migration of any service.
pub(crate) trait Runs: Send + 'static {
    /// The next event.
    fn event(&mut self) -> impl Future<Output = Result<Option<Output>>> + Send;
    /// The report with its last look; the task is stopped first when `cancelled` completes.
    fn finish(
        self,
        cancelled: Pin<Box<dyn Future<Output = ()> + Send>>,
    ) -> impl Future<Output = Result<(Value, Progress)>> + Send;
}

impl Runs for oms::Migration {
    async fn event(&mut self) -> Result<Option<Output>> {
        Ok(self.next().await?.as_ref().map(progress::migration_event))
    }

    async fn finish(self, cancelled: Pin<Box<dyn Future<Output = ()> + Send>>) -> Result<(Value, Progress)> {
        let report = self.run_or_stop(cancelled).await?;
        Ok((progress::report(&report), report.last))
    }
}

impl Runs for sms::Migration {
    async fn event(&mut self) -> Result<Option<Output>> {
        Ok(self.next().await?.as_ref().map(sms_progress::migration_event))
    }

    async fn finish(self, cancelled: Pin<Box<dyn Future<Output = ()> + Send>>) -> Result<(Value, Progress)> {
        let report = self.run_or_stop(cancelled).await?;
        Ok((sms_progress::report(&report), report.last))
    }
}

/// A migration that is run, or followed event by event.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Run {
    runtime: Runtime,
    next: Box<dyn Fn() -> Work + Send + Sync>,
    finish: Box<dyn Fn(&Runtime) -> Call + Send + Sync>,
    known: Known,
}

impl Run {
    /// A migration whose observer writes down what is `known` of it.
    pub(crate) fn new<M: Runs>(runtime: &Runtime, migration: M, known: Known) -> Self {
        let migration = Arc::new(Mutex::new(Some(migration)));
        let own = Arc::clone(&migration);
        let next = move || -> Work {
            let migration = Arc::clone(&own);
            Box::pin(async move {
                let mut migration = migration.lock().await;
                let Some(migration) = migration.as_mut() else { return Ok(nothing(())) };
                Ok(migration.event().await?.unwrap_or_else(|| nothing(())))
            })
        };
        let end = known.clone();
        let finish = move |runtime: &Runtime| {
            let (migration, known) = (Arc::clone(&migration), end.clone());
            Call::stoppable(runtime, |cancelled| async move {
                let Some(migration) = migration.lock().await.take() else {
                    return Err(Error::new(ErrorKind::Invalid, "the migration is over: begin a new one"));
                };
                let (report, last) = migration.finish(cancelled).await?;
                known.ended(report.clone(), &last);
                Ok(Source::told(report, last).output())
            })
        };
        Self { runtime: runtime.clone(), next: Box::new(next), finish: Box::new(finish), known }
    }
}

#[pymethods]
impl Run {
    /// The next event; none after the last one.
    fn next(&self) -> Call {
        Call::new(&self.runtime, (self.next)())
    }

    /// Runs to the end; when its caller gives up, the task is stopped first.
    fn run_or_stop(&self) -> Call {
        (self.finish)(&self.runtime)
    }

    /// The task, once it exists.
    fn created<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let task = self.known.lock().created.clone();
        task.map(|task| to_python(py, &task)).transpose()
    }

    /// What came of it, once it has ended.
    fn report(&self) -> Option<Source> {
        let known = self.known.lock().report.clone();
        known.map(|(report, last)| Source::told(report, last))
    }
}

/// A list that is read in pieces as large as a page.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Lister {
    runtime: Runtime,
    read: Box<dyn Fn() -> Work + Send + Sync>,
}

struct Reading<T> {
    stream: Pin<Box<dyn Stream<Item = Result<Record<T>>> + Send>>,
    /// An error that came after records which had to be given first.
    error: Option<Error>,
}

impl Lister {
    /// `page` is how many records a page has, `member` what holds them in an answer.
    pub(crate) fn new<T: Serialize + Send + Sync + 'static>(
        runtime: &Runtime,
        page: usize,
        member: &'static str,
        stream: impl Stream<Item = Result<Record<T>>> + Send + 'static,
    ) -> Self {
        let reading = Arc::new(Mutex::new(Reading { stream: Box::pin(stream), error: None }));
        let read = move || -> Work {
            let reading = Arc::clone(&reading);
            Box::pin(async move { reading.lock().await.piece(page, member).await })
        };
        Self { runtime: runtime.clone(), read: Box::new(read) }
    }
}

impl<T: Serialize + Send + Sync + 'static> Reading<T> {
    /// What is there without another request, at least one record.
    async fn piece(&mut self, page: usize, member: &'static str) -> Result<Output> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let Some(first) = self.stream.next().await else { return Ok(nothing(())) };
        let mut records = vec![first?];
        while records.len() < page {
            match self.stream.next().now_or_never() {
                Some(Some(Ok(record))) => records.push(record),
                Some(Some(Err(error))) => {
                    self.error = Some(error);
                    break;
                }
                Some(None) | None => break,
            }
        }
        Ok(Source::gathered(member, records))
    }
}

#[pymethods]
impl Lister {
    /// The next records; none after the last.
    fn next(&self) -> Call {
        Call::new(&self.runtime, (self.read)())
    }
}
