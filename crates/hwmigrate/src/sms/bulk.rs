//! Many servers, a few at a time.
//!
//! A hundred first copies at once share one line and finish none. So a bulk
//! starts as many as it is told to, and the next when one of them is through:
//! it synchronises, has ended, has failed. Each server has a report or an
//! error of its own, and no error of one server touches another.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, pending};
use std::time::Duration;

use futures_core::Stream;
use futures_util::future::{FutureExt, Shared};
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::{Migration, MigrationEvent, Report, Sms};
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::check::refuse;
use crate::progress::Progress;
use crate::wait::Unlimited;

/// Servers that run at the same time, unless said otherwise.
const AT_ONCE: usize = 10;

impl Sms {
    /// Many migrations, of which only so many run at the same time.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use hwmigrate::sms::{SpeedPlan, TaskRequest};
    ///
    /// # async fn demo(client: hwmigrate::Client, requests: Vec<TaskRequest>) -> hwmigrate::Result<()> {
    /// let sms = client.sms();
    /// let slow = SpeedPlan::new().limit("00:00-23:59".parse()?, "50Mbit/s".parse()?)?;
    /// let migrations = requests.into_iter().map(|request| sms.migrate(request).limit_speed(slow.clone()));
    /// let week = Duration::from_secs(7 * 86_400);
    /// for end in sms.bulk(migrations).at_once(5)?.deadline(week).run().await {
    ///     match end.outcome {
    ///         Ok(report) => println!("{}: {}", end.server, report.status),
    ///         Err(error) => eprintln!("{}: {error}", end.server),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// A cut-over of many in a quiet hour is a bulk of resumed migrations:
    /// `sms.bulk(ids.map(|id| sms.resume(id).cut_over(true)))`.
    pub fn bulk(&self, migrations: impl IntoIterator<Item = Migration<Unlimited>>) -> Bulk<Unlimited> {
        Bulk {
            migrations: migrations.into_iter().collect(),
            at_once: AT_ONCE,
            in_waves: false,
            stop: false,
            observer: None,
            limit: Unlimited,
        }
    }
}

/// Migrations of many servers, to be run; made by [`Sms::bulk`].
///
/// It can be run only after [`deadline`](Bulk::deadline). Dropping it while it
/// runs stops the following, not the tasks.
pub struct Bulk<L = Duration> {
    migrations: Vec<Migration<Unlimited>>,
    at_once: usize,
    in_waves: bool,
    stop: bool,
    observer: Option<Observer>,
    limit: L,
}

type Observer = Box<dyn FnMut(&BulkEvent) + Send>;

/// What happens in a [`Bulk`], as it happens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BulkEvent {
    /// Something happened to one server; the end is an event of its own.
    Server {
        /// Its place among the migrations that were given, from 0.
        place: usize,
        /// Its id; the task's, for a migration that was resumed.
        server: String,
        /// What happened.
        event: MigrationEvent,
    },
    /// One server is through.
    Ended(BulkEnd),
}

/// How the migration of one server of a [`Bulk`] ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BulkEnd {
    /// Its place among the migrations that were given, from 0.
    pub place: usize,
    /// Its id; the task's, for a migration that was resumed.
    pub server: String,
    /// What [`Migration::report`] would have returned. An error of kind
    /// `Cancelled` or `Timeout` without a [`job`](Error::job) means that
    /// nothing was begun; `Ambiguous` without one, that there may be a task of
    /// the name that its message tells.
    pub outcome: Result<Report>,
    /// The last look at its task, also where the outcome is an error.
    pub last: Option<Box<Progress>>,
}

impl BulkEnd {
    /// The error, whether the task failed or something before it.
    pub fn error(&self) -> Option<Error> {
        match &self.outcome {
            Ok(report) => report.error(),
            Err(error) => Some(error.clone()),
        }
    }
}

impl Bulk<Unlimited> {
    /// Gives the whole bulk at most this long. What has not begun by then does
    /// not begin; tasks that run go on at the service.
    pub fn deadline(self, limit: Duration) -> Bulk {
        let Self { migrations, at_once, in_waves, stop, observer, .. } = self;
        Bulk { migrations, at_once, in_waves, stop, observer, limit }
    }
}

impl<L> Bulk<L> {
    /// How many servers run at the same time, 10 unless said otherwise.
    ///
    /// # Errors
    /// `Invalid` for 0, of which none would ever run.
    pub fn at_once(mut self, servers: usize) -> Result<Self> {
        if servers == 0 {
            return Err(refuse("at_once", "is 0", "let at least 1 server run at a time"));
        }
        self.at_once = servers;
        Ok(self)
    }

    /// Begins the next servers only when all that run are through, and not one
    /// by one: for cut-overs that somebody watches.
    #[must_use]
    pub fn in_waves(mut self, yes: bool) -> Self {
        self.in_waves = yes;
        self
    }

    /// Stops the tasks that run when the bulk is cancelled or its time is up;
    /// they go on unless said otherwise. A cut-over that has begun is never stopped.
    #[must_use]
    pub fn stop_tasks(mut self, yes: bool) -> Self {
        self.stop = yes;
        self
    }

    /// Calls this for every event of [`run`](Bulk::run) and [`run_until`](Bulk::run_until).
    #[must_use]
    pub fn on_event(mut self, observer: impl FnMut(&BulkEvent) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }
}

impl Bulk {
    /// Runs all, and tells how each ended, in the order they were given.
    pub async fn run(self) -> Vec<BulkEnd> {
        self.run_until(pending()).await
    }

    /// As [`run`](Self::run), until `cancelled` completes: then nothing further
    /// begins, requests that are under way are waited for, and each server
    /// that is not through ends as `Cancelled`, with what is known of it.
    pub async fn run_until(mut self, cancelled: impl Future<Output = ()> + Send) -> Vec<BulkEnd> {
        let mut observer = self.observer.take();
        let mut ends = Vec::with_capacity(self.migrations.len());
        let mut events = std::pin::pin!(self.stream_until(cancelled));
        while let Some(event) = events.next().await {
            if let Some(observer) = &mut observer {
                observer(&event);
            }
            if let BulkEvent::Ended(end) = event {
                ends.push(end);
            }
        }
        ends.sort_by_key(|end| end.place);
        ends
    }

    /// Every event, as they come, until `cancelled` completes; see [`run_until`](Self::run_until).
    pub fn stream_until<'a>(
        self,
        cancelled: impl Future<Output = ()> + Send + 'a,
    ) -> impl Stream<Item = BulkEvent> + Send + 'a {
        let cancelled = cancelled.boxed().shared();
        let (at_once, stop, limit) = (self.at_once, self.stop, self.limit);
        // Counted from the first migration that begins.
        let begun = std::sync::Arc::new(std::sync::OnceLock::new());
        let mut servers: VecDeque<_> = self.migrations.into_iter().enumerate().collect();
        let size = if self.in_waves { at_once } else { servers.len() };
        let mut waves = Vec::new();
        while !servers.is_empty() {
            waves.push(servers.drain(..size.min(servers.len())).collect::<Vec<_>>());
        }
        let wave = move |wave: Vec<(usize, Migration<Unlimited>)>| {
            let (cancelled, begun) = (cancelled.clone(), begun.clone());
            let one = move |(place, migration)| {
                let start = Start { place, limit, begun: begun.clone(), cancelled: cancelled.clone(), stop };
                Box::pin(start.events(migration))
            };
            stream::iter(wave).map(one).flatten_unordered(at_once)
        };
        stream::iter(waves).map(wave).flatten()
    }
}

/// What one server's migration begins with.
struct Start<C: Future<Output = ()>> {
    place: usize,
    limit: Duration,
    begun: std::sync::Arc<std::sync::OnceLock<Instant>>,
    cancelled: Shared<C>,
    stop: bool,
}

/// A server's migration between two events.
enum Course {
    Waiting(Box<Migration<Unlimited>>),
    Running(Box<Migration>),
    Over,
}

impl<C: Future<Output = ()> + Send> Start<C> {
    fn events(self, migration: Migration<Unlimited>) -> impl Stream<Item = BulkEvent> + Send {
        let server = migration.name().to_owned();
        stream::unfold((self, Course::Waiting(Box::new(migration))), move |(start, course)| {
            let server = server.clone();
            async move {
                let mut migration = match course {
                    Course::Over => return None,
                    Course::Running(migration) => migration,
                    Course::Waiting(migration) => match start.left() {
                        Ok(left) => Box::new(migration.deadline(left)),
                        Err(why) => {
                            return Some((start.ended(server, Err(why), None), (start, Course::Over)));
                        }
                    },
                };
                let outcome = match migration.next_or(start.cancelled.clone()).await {
                    Ok(Some(MigrationEvent::Ended(report))) => Ok(report),
                    Ok(Some(event)) => {
                        let event = BulkEvent::Server { place: start.place, server, event };
                        return Some((event, (start, Course::Running(migration))));
                    }
                    Ok(None) => start.give_up(&mut migration, cancelled()).await,
                    Err(error) if migration.ends_by(&error) => start.give_up(&mut migration, error).await,
                    Err(error) => Err(error),
                };
                let last = outcome.as_ref().ok().map(|report| report.last.clone());
                let last = last.or_else(|| migration.last().cloned());
                Some((start.ended(server, outcome, last), (start, Course::Over)))
            }
        })
    }

    /// The time that is left for a migration that begins now.
    fn left(&self) -> Result<Duration> {
        if self.cancelled.clone().now_or_never().is_some() {
            return Err(cancelled());
        }
        let now = clock::instant();
        let begun = *self.begun.get_or_init(|| now);
        let left = self.limit.saturating_sub(now.saturating_duration_since(begun));
        if left.is_zero() && now > begun {
            let words = format!("nothing was begun for this server within {} s", self.limit.as_secs());
            let advice = "run the rest again with a longer limit, or with more servers at once";
            return Err(Error::new(ErrorKind::Timeout, words).with_advice(advice));
        }
        Ok(left)
    }

    async fn give_up(&self, migration: &mut Migration, why: Error) -> Result<Report> {
        if self.stop { migration.stop(why).await } else { Err(migration.give_up(why).await) }
    }

    fn ended(&self, server: String, outcome: Result<Report>, last: Option<Progress>) -> BulkEvent {
        BulkEvent::Ended(BulkEnd { place: self.place, server, outcome, last: last.map(Box::new) })
    }
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "the bulk was cancelled")
}

impl<L: fmt::Debug> fmt::Debug for Bulk<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulk")
            .field("servers", &self.migrations.len())
            .field("at_once", &self.at_once)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
