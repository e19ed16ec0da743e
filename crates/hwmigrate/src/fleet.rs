//! Watching many jobs for the price of a few requests.
//!
//! One future, or one stream, for many jobs. Their waits share what they read:
//! one list request for a hundred tasks in place of a hundred requests.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use futures_core::Stream;
use futures_util::StreamExt;

use crate::error::Result;
use crate::progress::{Progress, Resource};
use crate::wait::{Limit, Outcome, PollPolicy, Unlimited, Until, Waiter};

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
    /// The last look, also where the outcome is an error; `None` where none was answered.
    pub last: Option<Box<Progress>>,
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
            let ended = |outcome, waiter: &Waiter| {
                let last = waiter.last().cloned().map(Box::new);
                FleetEvent::Ended(FleetEnd { resource, id: id.clone(), outcome, last })
            };
            loop {
                match waiter.next().await {
                    Err(error) => return Some((ended(Err(error), &waiter), (waiter, None, true))),
                    Ok(None) => {
                        let outcome = waiter.outcome().cloned()?;
                        return Some((ended(Ok(outcome), &waiter), (waiter, None, true)));
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
