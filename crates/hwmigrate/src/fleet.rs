//! Watching many jobs for the price of a few requests.
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
//! whoever looks first reads for all.
//!
//! [`Fleet`] is the public face: one future, or one stream, for many jobs.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_core::Stream;
use futures_util::StreamExt;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use crate::clock;
use crate::error::{Error, Result};
use crate::progress::{Progress, Resource, State};
use crate::wait::{Limit, Outcome, PollPolicy, Unlimited, Until, Waiter, is_final};

type Doing<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// Jobs on one page of a list, unless the source says otherwise.
pub(crate) const PAGE: u64 = 100;

/// So few waits are never worth a list.
const FEW: usize = 2;

/// Looks at single jobs that go on at the same time.
const SINGLE_LOOKS: usize = 8;

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
}

/// The boards of one client.
#[derive(Debug, Default)]
pub(crate) struct Boards {
    pub(crate) tasks: Arc<Board>,
    pub(crate) groups: Arc<Board>,
    pub(crate) servers: Arc<Board>,
}

/// What the last sweep saw, shared by all waits of a client for one kind of job.
#[derive(Debug)]
pub(crate) struct Board {
    latest: Mutex<Latest>,
    watchers: AtomicUsize,
    strays: AtomicUsize,
    single: Semaphore,
}

#[derive(Debug, Default)]
struct Latest {
    sweep: Option<Arc<Sweep>>,
    /// A sweep that failed, for those who waited for it.
    failure: Option<(Instant, Error)>,
    /// The list may not be read with these credentials; single jobs perhaps may.
    refused: bool,
}

#[derive(Debug)]
struct Sweep {
    at: Instant,
    requests: u32,
    /// Jobs in all states were listed.
    everything: bool,
    jobs: HashMap<String, Progress>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            latest: Mutex::default(),
            watchers: AtomicUsize::new(0),
            strays: AtomicUsize::new(0),
            single: Semaphore::new(SINGLE_LOOKS),
        }
    }
}

impl Board {
    /// A look at one job, from the shared sweep where that is cheaper.
    pub(crate) async fn look(&self, source: &dyn Source, watch: &Watch, id: &str) -> Result<Progress> {
        if watch.begin() {
            // Those that begin together count each other before any of them looks.
            tokio::task::yield_now().await;
        }
        let rests = |progress: &Progress| progress.state.is_settled() || progress.state == State::Unknown;
        if self.watchers.load(Ordering::Relaxed) > source.open_states().len().max(FEW)
            && let Some(sweep) = self.sweep(source).await?
            // A sweep may be older than a start, so an end that it shows is confirmed by a look of its own.
            && let Some(progress) = sweep.jobs.get(id).filter(|progress| !rests(progress))
        {
            watch.judge(source, progress);
            return Ok(progress.clone());
        }
        // Closed only when the board is dropped, and then nobody looks.
        let _permit = self.single.acquire().await.ok();
        let progress = source.show(id).await?;
        watch.judge(source, &progress);
        Ok(progress)
    }

    /// The shared sweep, read anew unless it is fresh. `None`: the list may not be read.
    async fn sweep(&self, source: &dyn Source) -> Result<Option<Arc<Sweep>>> {
        let asked = clock::instant();
        let mut latest = self.latest.lock().await;
        if latest.refused {
            return Ok(None);
        }
        let everything = source.open_states().is_empty() || self.strays.load(Ordering::Relaxed) > STRAYS;
        if let Some(sweep) = latest.sweep.as_ref().filter(|sweep| sweep.everything || !everything) {
            let fresh = (FRESH_PER_REQUEST * sweep.requests).min(FRESH_AT_MOST);
            if sweep.at + fresh > clock::instant() || sweep.at >= asked {
                return Ok(Some(sweep.clone()));
            }
        }
        if let Some((at, error)) = &latest.failure
            && *at >= asked
        {
            return Err(error.clone());
        }
        match read(source, everything).await {
            Ok(sweep) => {
                tracing::debug!(jobs = sweep.jobs.len(), requests = sweep.requests, "swept the list of jobs");
                let sweep = Arc::new(sweep);
                latest.sweep = Some(sweep.clone());
                latest.failure = None;
                Ok(Some(sweep))
            }
            Err(error) if is_final(&error) => {
                tracing::debug!(error = %error, "the list of jobs cannot be read; each job is looked at singly");
                latest.refused = true;
                Ok(None)
            }
            Err(error) => {
                latest.failure = Some((clock::instant(), error.clone()));
                Err(error)
            }
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

/// One wait among those that share a board. It counts from its first look on,
/// since one that is only prepared costs nothing; dropping it takes it off.
#[derive(Debug)]
pub(crate) struct Watch {
    board: Arc<Board>,
    counted: AtomicBool,
    /// 1 while its job is in a state that the list cannot be filtered by.
    stray: AtomicUsize,
}

impl Watch {
    pub(crate) fn new(board: &Arc<Board>) -> Self {
        Self { board: board.clone(), counted: AtomicBool::new(false), stray: AtomicUsize::new(0) }
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

impl Drop for Watch {
    fn drop(&mut self) {
        self.set_stray(false);
        if *self.counted.get_mut() {
            self.board.watchers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A wait for many jobs of one kind.
///
/// Made by `wait_all` of [`Tasks`](crate::oms::Tasks::wait_all),
/// [`Groups`](crate::oms::Groups::wait_all) and the tasks of servers. One job that fails does
/// not end the wait for the others. Dropping it stops the waiting, not the jobs.
pub struct Fleet<L = Limit> {
    waits: Vec<(String, Waiter<L>)>,
}

impl<L> fmt::Debug for Fleet<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("jobs", &self.waits.len()).finish()
    }
}

/// What happened to one job of a [`Fleet`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FleetEvent {
    /// A look showed something new.
    Progress(Progress),
    /// The wait for one job is over.
    Ended(FleetEnd),
}

/// How the wait for one job of a [`Fleet`] ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FleetEnd {
    /// Task, task group or server task.
    pub resource: Resource,
    /// Its id, as text for all kinds.
    pub id: String,
    /// What [`Waiter::wait`] would have returned.
    pub outcome: Result<Outcome>,
}

impl Fleet<Unlimited> {
    pub(crate) fn new(waits: impl IntoIterator<Item = (String, Waiter<Unlimited>)>) -> Self {
        Self { waits: waits.into_iter().collect() }
    }

    /// Waits for each job for at most this long, counted from the first look.
    pub fn deadline(self, limit: Duration) -> Fleet {
        self.map(|waiter| waiter.deadline(limit))
    }
}

impl<L> Fleet<L> {
    fn map<M>(self, change: impl Fn(Waiter<L>) -> Waiter<M>) -> Fleet<M> {
        Fleet { waits: self.waits.into_iter().map(|(id, waiter)| (id, change(waiter))).collect() }
    }

    /// What to wait for; [`Until::Ended`] unless said otherwise.
    #[must_use]
    pub fn until(self, until: Until) -> Self {
        self.map(|waiter| waiter.until(until))
    }

    /// How often to look at each job. Looks share requests, so a short pause
    /// with many jobs does not mean many requests.
    #[must_use]
    pub fn poll(self, policy: PollPolicy) -> Self {
        self.map(|waiter| waiter.poll(policy.clone()))
    }

    /// As [`Waiter::stall_after`], for each job.
    #[must_use]
    pub fn stall_after(self, span: Duration) -> Self {
        self.map(|waiter| waiter.stall_after(span))
    }
}

impl Fleet {
    /// Waits for all jobs, and tells how each ended, in the order they were given.
    ///
    /// ```no_run
    /// # async fn demo(client: hwmigrate::Client, ids: Vec<i64>) -> hwmigrate::Result<()> {
    /// let limit = std::time::Duration::from_secs(86_400);
    /// for end in client.oms().tasks().wait_all(ids).deadline(limit).wait().await {
    ///     match end.outcome {
    ///         Ok(outcome) => println!("{}", outcome.progress()),
    ///         Err(error) => eprintln!("{}: {error}", end.id),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn wait(self) -> Vec<FleetEnd> {
        let order: HashMap<String, usize> =
            self.waits.iter().enumerate().map(|(place, (id, _))| (id.clone(), place)).collect();
        let mut ends = Vec::with_capacity(self.waits.len());
        let mut events = std::pin::pin!(self.stream());
        while let Some(event) = events.next().await {
            if let FleetEvent::Ended(end) = event {
                ends.push(end);
            }
        }
        ends.sort_by_key(|end| order.get(&end.id).copied());
        ends
    }

    /// Every look that shows something new, and every end, as they come.
    pub fn stream(self) -> impl Stream<Item = FleetEvent> + Send {
        let streams = self.waits.into_iter().map(|(id, waiter)| Box::pin(events(id, waiter)));
        futures_util::stream::select_all(streams)
    }
}

fn events(id: String, waiter: Waiter) -> impl Stream<Item = FleetEvent> + Send {
    let start = (waiter, None::<Progress>, false);
    futures_util::stream::unfold(start, move |(mut waiter, mut shown, over)| {
        let id = id.clone();
        async move {
            if over {
                return None;
            }
            let resource = waiter.resource();
            let ended = |outcome| FleetEvent::Ended(FleetEnd { resource, id: id.clone(), outcome });
            loop {
                match waiter.next().await {
                    Err(error) => return Some((ended(Err(error)), (waiter, None, true))),
                    Ok(None) => {
                        let outcome = waiter.outcome().cloned()?;
                        return Some((ended(Ok(outcome)), (waiter, None, true)));
                    }
                    Ok(Some(progress)) if shown.as_ref() != Some(&progress) => {
                        shown = Some(progress.clone());
                        return Some((FleetEvent::Progress(progress), (waiter, shown, false)));
                    }
                    Ok(Some(_)) => {}
                }
            }
        }
    })
}

#[cfg(test)]
#[path = "fleet_tests.rs"]
mod tests;
