//! One reading of a list for all waits that look.
//!
//! A thousand waits that ask for their own job each would be a thousand
//! requests per round, and the gateway would throttle them. So all waits of a
//! client share one board per kind of job. As soon as there are more waits
//! than it costs to read the list of the jobs that can still change, a look
//! reads that list, 100 jobs a request, and every other wait takes its answer
//! from the same reading: 1,500 jobs cost about 16 requests a sweep. Servers
//! are listed with their tasks, 200 a request.
//!
//! A job that is not in the list has ended, or moved to another page while the
//! pages were read: only a look at the job itself tells. Nothing is spawned;
//! whoever looks first reads for all, and whoever waits for it moves it on.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::clock;
use crate::error::{Error, Result};
use crate::flight::Flight;
use crate::progress::{Progress, State};
use crate::wait::is_final;

type Doing<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// Jobs on one page of a list, unless the source says otherwise.
pub(crate) const PAGE: u64 = 100;

/// So few waits are never worth a list.
const FEW: usize = 2;

/// Looks at single jobs of one fleet that go on at the same time.
const SINGLE_LOOKS: usize = 8;

/// How long a list that may not be read is left alone; permissions change.
const REFUSAL_MEMORY: Duration = Duration::from_secs(300);

/// Jobs in states that the list cannot be filtered by, above which all states are listed.
const STRAYS: usize = 20;

/// A sweep stays fresh this long per request it took: two requests a second at most.
const FRESH_PER_REQUEST: Duration = Duration::from_millis(500);

/// A sweep is never older than this when it answers a look.
const FRESH_AT_MOST: Duration = Duration::from_secs(10);

/// More pages than any account has jobs: an end to a list that never ends.
const MOST_PAGES: u64 = 1_000;

/// One page of a list of jobs.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) jobs: Vec<Progress>,
    /// Records that were listed, whether or not each has a job.
    pub(crate) records: u64,
    /// Matches in all, by the service.
    pub(crate) count: Option<u64>,
}

/// Where jobs of one kind are read.
pub(crate) trait Source: Send + Sync {
    /// The states that can still change by themselves and that the list can be
    /// filtered by; none where the list is always read whole.
    fn open_states(&self) -> &'static [i64];
    /// Jobs on a full page: the most the service gives.
    fn page_size(&self) -> u64 {
        PAGE
    }
    /// A page of the jobs in one state, or in all.
    fn page(&self, state: Option<i64>, offset: u64) -> Doing<Page>;
    /// One job.
    fn show(&self, id: &str) -> Doing<Progress>;
    /// What a list tells of a job, with what this wait knows of it; `None` where that is not enough.
    fn complete(&self, listed: &Progress) -> Option<Progress> {
        Some(listed.clone())
    }
}

/// The boards of one client.
#[derive(Debug, Default)]
pub(crate) struct Boards {
    pub(crate) tasks: Arc<Board>,
    pub(crate) groups: Arc<Board>,
    pub(crate) servers: Arc<Board>,
}

/// What the last sweep saw, shared by all waits of a client for one kind of job.
#[derive(Default)]
pub(crate) struct Board {
    latest: Mutex<Latest>,
    reading: Flight<()>,
    watchers: AtomicUsize,
    strays: AtomicUsize,
}

#[derive(Default)]
struct Latest {
    sweep: Option<Arc<Sweep>>,
    /// A sweep that failed, for those who waited for it.
    failure: Option<(Instant, Error)>,
    /// The list may not be read with these credentials; single jobs perhaps may.
    refused_until: Option<Instant>,
}

struct Sweep {
    at: Instant,
    requests: u32,
    /// Jobs in all states were listed.
    everything: bool,
    jobs: HashMap<String, Progress>,
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board").field("watchers", &self.watchers).finish_non_exhaustive()
    }
}

impl Board {
    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shared sweep, read anew unless it is fresh. `None`: the list may not be read.
    async fn sweep(self: &Arc<Self>, source: &Arc<dyn Source>) -> Result<Option<Arc<Sweep>>> {
        let asked = clock::instant();
        loop {
            let everything = source.open_states().is_empty() || self.strays.load(Ordering::Relaxed) > STRAYS;
            {
                let latest = self.latest();
                if latest.refused_until.is_some_and(|until| clock::instant() < until) {
                    return Ok(None);
                }
                if let Some(sweep) = latest.sweep.as_ref().filter(|sweep| sweep.everything || !everything) {
                    let fresh = (FRESH_PER_REQUEST * sweep.requests).min(FRESH_AT_MOST);
                    if sweep.at + fresh > clock::instant() || sweep.at >= asked {
                        return Ok(Some(Arc::clone(sweep)));
                    }
                }
                if let Some((at, error)) = &latest.failure
                    && *at >= asked
                {
                    return Err(error.clone());
                }
            }
            self.reading.join(|| Arc::clone(self).read_anew(Arc::clone(source), everything).boxed()).await;
        }
    }

    /// Reads the list, and keeps what became of it.
    async fn read_anew(self: Arc<Self>, source: Arc<dyn Source>, everything: bool) {
        let outcome = read(&*source, everything).await;
        let mut latest = self.latest();
        latest.failure = None;
        match outcome {
            Ok(sweep) => {
                tracing::debug!(jobs = sweep.jobs.len(), requests = sweep.requests, "swept the list of jobs");
                latest.sweep = Some(Arc::new(sweep));
            }
            // A list that is not found tells nothing about a job.
            Err(error) if is_final(&error) || error.is_not_found() => {
                tracing::debug!(error = %error, "the list of jobs cannot be read; each job is looked at singly");
                latest.refused_until = Some(clock::instant() + REFUSAL_MEMORY);
            }
            Err(error) => latest.failure = Some((clock::instant(), error)),
        }
    }
}

async fn read(source: &dyn Source, everything: bool) -> Result<Sweep> {
    let filters: Vec<Option<i64>> =
        if everything { vec![None] } else { source.open_states().iter().copied().map(Some).collect() };
    let mut sweep = Sweep { at: clock::instant(), requests: 0, everything, jobs: HashMap::new() };
    for filter in filters {
        let mut offset = 0;
        for _ in 0..MOST_PAGES {
            let Page { jobs, records, count } = source.page(filter, offset).await?;
            sweep.requests += 1;
            offset += records;
            // A job may change its state between two filters: the later reading counts.
            sweep.jobs.extend(jobs.into_iter().map(|job| (job.id.clone(), job)));
            if records < source.page_size() || count.is_some_and(|count| offset >= count) {
                break;
            }
        }
    }
    sweep.at = clock::instant();
    Ok(sweep)
}

/// How many jobs of a fleet are looked at singly at the same time. Its waits are moved on together, so one
/// that holds a place never keeps another from moving; waits of their own have no gate in common.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Option<Arc<Semaphore>>);

impl Gate {
    /// For the waits of one fleet.
    pub(crate) fn narrow() -> Self {
        Self(Some(Arc::new(Semaphore::new(SINGLE_LOOKS))))
    }

    /// For a wait on its own.
    pub(crate) fn open() -> Self {
        Self(None)
    }
}

/// One wait among those that share a board. It counts from its first look on,
/// since one that is only prepared costs nothing; dropping it takes it off.
#[derive(Debug)]
pub(crate) struct Watch {
    board: Arc<Board>,
    gate: Gate,
    counted: AtomicBool,
    /// 1 while its job is in a state that the list cannot be filtered by.
    stray: AtomicUsize,
}

impl Watch {
    pub(crate) fn new(board: &Arc<Board>, gate: &Gate) -> Self {
        Self {
            board: Arc::clone(board),
            gate: gate.clone(),
            counted: AtomicBool::new(false),
            stray: AtomicUsize::new(0),
        }
    }

    /// A look at the job, from the shared sweep where that is cheaper.
    pub(crate) async fn look(&self, source: &Arc<dyn Source>, id: &str) -> Result<Progress> {
        if self.begin() {
            // Those that begin together count each other before any of them looks.
            give_way().await;
        }
        let rests = |progress: &Progress| progress.state.is_settled() || progress.state == State::Unknown;
        if self.board.watchers.load(Ordering::Relaxed) > source.open_states().len().max(FEW)
            && let Some(sweep) = self.board.sweep(source).await?
            // A sweep may be older than a start, so an end that it shows is confirmed by a look of its own.
            && let Some(listed) = sweep.jobs.get(id).filter(|progress| !rests(progress))
            && let Some(progress) = source.complete(listed)
        {
            self.judge(&**source, &progress);
            return Ok(progress);
        }
        // Closed only when the gate is dropped, and then nobody looks.
        let _place = match &self.gate.0 {
            Some(gate) => gate.acquire().await.ok(),
            None => None,
        };
        let progress = source.show(id).await?;
        self.judge(&**source, &progress);
        Ok(progress)
    }

    /// Counts the wait among those of its board; whether this is its first look.
    fn begin(&self) -> bool {
        let first = !self.counted.swap(true, Ordering::Relaxed);
        if first {
            self.board.watchers.fetch_add(1, Ordering::Relaxed);
        }
        first
    }

    /// Whether the next filtered sweep can hold the job.
    fn judge(&self, source: &dyn Source, progress: &Progress) {
        let open = source.open_states();
        let listed = open.is_empty() || progress.state_code.is_some_and(|code| open.contains(&code));
        self.set_stray(!listed && !progress.state.is_settled());
    }

    fn set_stray(&self, stray: bool) {
        let stray = usize::from(stray);
        match (self.stray.swap(stray, Ordering::Relaxed), stray) {
            (0, 1) => _ = self.board.strays.fetch_add(1, Ordering::Relaxed),
            (1, 0) => _ = self.board.strays.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
    }
}

/// Lets all others that are ready move on first. Not the runtime's own way of it: that is forgotten where the runtime
/// is driven from event to event, and the event comes in the same turn.
async fn give_way() {
    let mut given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.set_stray(false);
        if *self.counted.get_mut() {
            self.board.watchers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
