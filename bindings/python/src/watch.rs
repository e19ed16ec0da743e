//! Waits and lists that are read step by step.
//!
//! Each step is a [`Call`]. A step that is given up half-way leaves its wait
//! or list where it was, so the next one goes on from there.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{FutureExt as _, Stream, StreamExt as _};
use hwmigrate::fleet::{Fleet, FleetEvent};
use hwmigrate::oms::Migration;
use hwmigrate::wait::{Unlimited, Waiter};
use hwmigrate::{Error, Result};
use pyo3::prelude::*;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::call::{Call, Work};
use crate::convert::{Goal, PyPollPolicy, Span};
use crate::progress;
use crate::runtime::Runtime;
use crate::slot::Output;
use crate::source::{Source, nothing, plain};

/// How to wait.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Manner {
    timeout: Span,
    until: Option<Goal>,
    poll: Option<PyPollPolicy>,
    stall_after: Option<Span>,
}

/// Waits and fleets take the same settings.
macro_rules! apply {
    ($manner:expr, $wait:expr) => {{
        let mut wait = $wait;
        if let Some(Goal(until)) = $manner.until {
            wait = wait.until(until);
        }
        if let Some(PyPollPolicy(policy)) = $manner.poll {
            wait = wait.poll(policy);
        }
        if let Some(Span(span)) = $manner.stall_after {
            wait = wait.stall_after(span);
        }
        wait.deadline($manner.timeout.0)
    }};
}

/// Waits for the outcome.
pub(crate) fn wait(runtime: &Runtime, waiter: Waiter<Unlimited>, manner: Manner) -> Call {
    let waiter = apply!(manner, waiter);
    Call::new(runtime, async move { waiter.wait().await.map(progress::waited) })
}

/// Waits for the outcome, and stops the job when its caller gives up.
pub(crate) fn wait_or_stop(runtime: &Runtime, waiter: Waiter<Unlimited>, manner: Manner) -> Call {
    let waiter = apply!(manner, waiter);
    Call::stoppable(runtime, |cancelled| async move {
        waiter.wait_or_stop(cancelled).await.map(progress::waited)
    })
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
        let waiter = Arc::new(Mutex::new(apply!(manner, waiter)));
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
                Some(look) => plain(progress::progress(&look)),
                None => nothing(()),
            })
        })
    }

    /// How the wait ended, if it has.
    fn outcome(&self) -> Call {
        let waiter = Arc::clone(&self.waiter);
        Call::new(&self.runtime, async move {
            let waiter = waiter.lock().await;
            Ok(plain(waiter.outcome().map(progress::outcome)))
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

/// A migration that is run, or followed event by event.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Run {
    runtime: Runtime,
    migration: Arc<Mutex<Option<Migration>>>,
}

impl Run {
    pub(crate) fn new(runtime: &Runtime, migration: Migration) -> Self {
        Self { runtime: runtime.clone(), migration: Arc::new(Mutex::new(Some(migration))) }
    }
}

#[pymethods]
impl Run {
    /// The next event; none after the last one.
    fn next(&self) -> Call {
        let migration = Arc::clone(&self.migration);
        Call::new(&self.runtime, async move {
            let mut migration = migration.lock().await;
            let event = match migration.as_mut() {
                Some(migration) => migration.next().await?,
                None => None,
            };
            Ok(event.map_or_else(|| nothing(()), |event| plain(progress::migration_event(&event))))
        })
    }

    /// Runs to the end; when its caller gives up, the task is stopped first.
    fn run_or_stop(&self) -> Call {
        let migration = Arc::clone(&self.migration);
        Call::stoppable(&self.runtime, |cancelled| async move {
            let Some(migration) = migration.lock().await.take() else { return Ok(nothing(())) };
            let report = migration.run_or_stop(cancelled).await?;
            Ok(plain(progress::report(&report)))
        })
    }
}

/// A list that is read in pieces as large as a page.
#[pyclass(frozen, module = "hwmigrate._hwmigrate")]
pub(crate) struct Lister {
    runtime: Runtime,
    read: Box<dyn Fn() -> Work + Send + Sync>,
}

struct Reading<T> {
    stream: Pin<Box<dyn Stream<Item = Result<T>> + Send>>,
    /// An error that came after records which had to be given first.
    error: Option<Error>,
}

impl Lister {
    pub(crate) fn new<T: Serialize + Send + Sync + 'static>(
        runtime: &Runtime,
        page: usize,
        stream: impl Stream<Item = Result<T>> + Send + 'static,
    ) -> Self {
        let reading = Arc::new(Mutex::new(Reading { stream: Box::pin(stream), error: None }));
        let read = move || -> Work {
            let reading = Arc::clone(&reading);
            Box::pin(async move { reading.lock().await.piece(page).await })
        };
        Self { runtime: runtime.clone(), read: Box::new(read) }
    }
}

impl<T: Serialize + Send + Sync + 'static> Reading<T> {
    /// What is there without another request, at least one record.
    async fn piece(&mut self, page: usize) -> Result<Output> {
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
        Ok(Source::gathered(records))
    }
}

#[pymethods]
impl Lister {
    /// The next records; none after the last.
    fn next(&self) -> Call {
        Call::new(&self.runtime, (self.read)())
    }
}
