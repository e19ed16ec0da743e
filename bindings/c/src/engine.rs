//! Running a call on the thread that makes it.
//!
//! Each client has a runtime without threads. A call drives it until its
//! answer is there; where several threads call at once, one of them drives and
//! the others sleep, which tokio arranges. Between calls nothing runs, so a
//! server that closes an idle connection is noticed only by the next call:
//! before that one does anything else, it lets the connections look.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::cancel::Flag;
use crate::enter::{NoPipeSignal, block_signals};
use crate::failure::Failure;
use crate::result::hwm_result;

/// A runtime, and the process it belongs to.
pub(crate) struct Engine {
    runtime: Option<Runtime>,
    process: u32,
}

thread_local! {
    /// Whether this thread is inside a call, so that what it runs now is a callback.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Marks the thread as being inside until it is dropped.
pub(crate) struct Inside(bool);

impl Inside {
    pub(crate) fn enter() -> Self {
        Self(INSIDE.replace(true))
    }

    pub(crate) fn is_entered() -> bool {
        INSIDE.get()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(self.0);
    }
}

impl Engine {
    pub(crate) fn new() -> Result<Self, Failure> {
        // The threads that look up host names are none of the program's: its signal handlers never run there.
        let runtime = Builder::new_current_thread().enable_all().on_thread_start(block_signals).build();
        let runtime = runtime.map_err(|error| {
            Failure::own(
                hwm_result::HWM_TRANSPORT,
                format!("the operating system gives no means to wait for the network: {error}"),
            )
        })?;
        Ok(Self { runtime: Some(runtime), process: std::process::id() })
    }

    /// Runs `work` to its end, or until the flag is set.
    pub(crate) fn run<T>(
        &self,
        cancel: Option<&Flag>,
        work: impl Future<Output = hwmigrate::Result<T>>,
    ) -> Result<T, Failure> {
        self.check()?;
        let Some(runtime) = &self.runtime else {
            return Err(Failure::own(hwm_result::HWM_PANIC, "the runtime is gone"));
        };
        let _signal = NoPipeSignal::hold();
        let _inside = Inside::enter();
        runtime.block_on(async {
            // The first gives way to the network, the second to the connections it woke.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            // The runtime forgets whom it made wait for its fairness when it is left, which may be in the same turn:
            // a stream is driven from event to event.
            let work = tokio::task::coop::unconstrained(work);
            let Some(cancel) = cancel else { return Ok(work.await?) };
            if cancel.is_set() {
                return Err(cancelled());
            }
            tokio::select! {
                biased;
                outcome = work => Ok(outcome?),
                () = cancel.watch() => Err(cancelled()),
            }
        })
    }

    /// Runs `work`, which has its answer at hand more often than not: an item of a page that is there.
    pub(crate) fn run_eagerly<T>(
        &self,
        cancel: Option<&Flag>,
        work: impl Future<Output = hwmigrate::Result<T>>,
    ) -> Result<T, Failure> {
        self.check()?;
        let mut work = pin!(work);
        if let Some(runtime) = &self.runtime
            && !cancel.is_some_and(Flag::is_set)
        {
            let _inside = Inside::enter();
            let _context = runtime.enter();
            // What is begun here is finished below; what is not begun needs no runtime at all.
            if let Poll::Ready(outcome) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return Ok(outcome?);
            }
        }
        self.run(cancel, work)
    }

    /// Refuses threads and processes that cannot run anything here.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if Inside::is_entered() {
            return Err(Failure::Own {
                result: hwm_result::HWM_IN_CALLBACK,
                message: "this function sends requests, and must not be called from inside this callback"
                    .into(),
                advice: Some("note what is to be done, return, and do it then"),
            });
        }
        if std::process::id() != self.process {
            return Err(Failure::Own {
                result: hwm_result::HWM_FORKED,
                message: "this handle was made before the process was forked".into(),
                advice: Some("make a client after the fork"),
            });
        }
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            if std::process::id() == self.process {
                // Does not wait for a host name that is still being looked up.
                runtime.shutdown_background();
            } else {
                // The connections are the parent's, and so are the locks inside.
                std::mem::forget(runtime);
            }
        }
    }
}

fn cancelled() -> Failure {
    hwmigrate::Error::new(hwmigrate::ErrorKind::Cancelled, "cancelled by the caller").into()
}

/// A span of the caller in milliseconds.
pub(crate) fn span(milliseconds: i64, name: &str) -> Result<Duration, Failure> {
    u64::try_from(milliseconds)
        .map(Duration::from_millis)
        .map_err(|_| Failure::argument(format!("`{name}` is {milliseconds}, and must not be negative")))
}

/// What every handle that sends requests needs.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) core: hwmigrate::Client,
    pub(crate) engine: Arc<Engine>,
    pub(crate) limit: Option<Duration>,
    pub(crate) cancel: Option<Arc<Flag>>,
}

impl Caller {
    /// Runs one call.
    pub(crate) fn run<T>(&self, work: impl Future<Output = hwmigrate::Result<T>>) -> Result<T, Failure> {
        self.engine.run(self.cancel.as_deref(), work)
    }

    /// Runs one step of something that is read ahead.
    pub(crate) fn run_eagerly<T>(
        &self,
        work: impl Future<Output = hwmigrate::Result<T>>,
    ) -> Result<T, Failure> {
        self.engine.run_eagerly(self.cancel.as_deref(), work)
    }

    /// Object migration, with this caller's limit.
    pub(crate) fn oms(&self) -> hwmigrate::oms::Oms {
        let oms = self.core.oms();
        match self.limit {
            Some(limit) => oms.call_deadline(limit),
            None => oms,
        }
    }

    /// Server migration, with this caller's limit.
    pub(crate) fn sms(&self) -> hwmigrate::sms::Sms {
        let sms = self.core.sms();
        match self.limit {
            Some(limit) => sms.call_deadline(limit),
            None => sms,
        }
    }
}
