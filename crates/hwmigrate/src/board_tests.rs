#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Mutex as StdMutex;

use super::*;
use crate::error::ErrorKind;
use crate::fleet::{Fleet, FleetEvent};
use crate::progress::{Resource, State};
use crate::wait::{Job, Unlimited, Waiter};

/// State and offset of a list request.
type Asked = (Option<i64>, u64);

/// An account with tasks, which counts its requests.
#[derive(Clone, Default)]
struct Account {
    tasks: Arc<StdMutex<BTreeMap<i64, i64>>>,
    pages: Arc<StdMutex<Vec<Asked>>>,
    shows: Arc<StdMutex<Vec<String>>>,
    list_error: Arc<StdMutex<Option<Error>>>,
}

fn task(id: i64, code: i64) -> Progress {
    Progress::new(Resource::Task, id.to_string(), State::of_task(code), Some(code))
}

impl Source for Account {
    fn open_states(&self) -> &'static [i64] {
        &[1, 2, 7]
    }

    fn page(&self, state: Option<i64>, offset: u64) -> Doing<Page> {
        self.pages.lock().unwrap().push((state, offset));
        if let Some(error) = self.list_error.lock().unwrap().clone() {
            return Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(error)
            });
        }
        let tasks = self.tasks.lock().unwrap();
        let matches: Vec<Progress> = tasks
            .iter()
            .filter(|(_, code)| state.is_none_or(|state| state == **code))
            .map(|(id, code)| task(*id, *code))
            .collect();
        let count = Some(matches.len() as u64);
        let jobs: Vec<Progress> = matches.into_iter().skip(offset as usize).take(PAGE as usize).collect();
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(Page { records: jobs.len() as u64, jobs, count })
        })
    }

    fn show(&self, id: &str) -> Doing<Progress> {
        self.shows.lock().unwrap().push(id.to_owned());
        let found = self.tasks.lock().unwrap().get(&id.parse().unwrap()).copied();
        let id = id.parse().unwrap();
        Box::pin(ready(
            found.map(|code| task(id, code)).ok_or_else(|| Error::new(ErrorKind::NotFound, "gone")),
        ))
    }
}

impl Account {
    fn with(tasks: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let account = Self::default();
        account.tasks.lock().unwrap().extend(tasks);
        account
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(self.clone())
    }

    fn waiter(&self, board: &Arc<Board>, gate: &Gate, id: i64) -> Waiter<Unlimited> {
        let watch = Arc::new(Watch::new(board, gate));
        let source = self.source();
        let look = move || -> Doing<Progress> {
            let (source, watch) = (source.clone(), watch.clone());
            Box::pin(async move { watch.look(&source, &id.to_string()).await })
        };
        Waiter::new(Job {
            resource: Resource::Task,
            id: id.to_string(),
            dice: fastrand::Rng::with_seed(id as u64),
            look: Arc::new(look),
            stop: Arc::new(|| Box::pin(ready(Ok(())))),
        })
    }

    fn fleet(&self, board: &Arc<Board>) -> Fleet<Unlimited> {
        let ids: Vec<i64> = self.tasks.lock().unwrap().keys().copied().collect();
        let gate = Gate::narrow();
        Fleet::new(ids.into_iter().map(|id| (id.to_string(), self.waiter(board, &gate, id))))
    }

    fn set_all(&self, code: i64) {
        self.tasks.lock().unwrap().values_mut().for_each(|state| *state = code);
    }

    fn requests(&self) -> (usize, usize) {
        (self.pages.lock().unwrap().len(), self.shows.lock().unwrap().len())
    }
}

fn hour() -> Duration {
    Duration::from_secs(3_600)
}

#[tokio::test(start_paused = true)]
async fn first_look_at_1500_jobs_costs_one_sweep() {
    let account = Account::with((0..1_500).map(|id| (id, if id < 5 { 2 } else { 1 })));
    let board = Arc::new(Board::default());
    let ends = account.fleet(&board).deadline(Duration::ZERO).wait().await;
    assert_eq!(ends.len(), 1_500);
    assert!(ends.iter().all(|end| end.outcome.as_ref().is_err_and(Error::is_timeout)));
    // 15 pages of waiting jobs, one of running ones, one of pausing ones.
    assert_eq!(account.requests(), (17, 0));
}

#[tokio::test(start_paused = true)]
async fn sweeps_are_bounded_in_rate_and_ends_are_confirmed_by_single_looks() {
    let account = Account::with((0..1_500).map(|id| (id, 2)));
    let board = Arc::new(Board::default());
    let fleet = account.fleet(&board).deadline(hour());
    let later = account.clone();
    let (ends, ()) = tokio::join!(fleet.wait(), async move {
        tokio::time::sleep(Duration::from_secs(600)).await;
        later.set_all(5);
    });
    assert!(ends.iter().all(|end| end.outcome.as_ref().unwrap().is_done()));
    let (pages, shows) = account.requests();
    assert_eq!(shows, 1_500, "one look each, after it left the list");
    assert!(pages <= 17 * 85, "{pages} list requests in ten minutes");
    let ids: Vec<String> = ends.into_iter().map(|end| end.id).collect();
    assert_eq!(ids, (0..1_500).map(|id| id.to_string()).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn few_jobs_are_looked_at_singly() {
    let account = Account::with([(1, 2), (2, 5), (3, 4)]);
    let board = Arc::new(Board::default());
    let ends = account.fleet(&board).deadline(Duration::ZERO).wait().await;
    assert_eq!(account.requests(), (0, 3));
    assert!(ends[0].outcome.as_ref().is_err_and(Error::is_timeout));
    assert!(ends[1].outcome.as_ref().unwrap().is_done());
    assert!(ends[2].outcome.as_ref().is_err_and(Error::is_job_failed));
}

#[tokio::test(start_paused = true)]
async fn waits_that_are_only_prepared_do_not_count() {
    let account = Account::with((0..20).map(|id| (id, 2)));
    let board = Arc::new(Board::default());
    let prepared = account.fleet(&board).deadline(hour());
    let watching = Account { tasks: account.tasks.clone(), ..Account::default() };
    let one = watching.waiter(&board, &Gate::open(), 1);
    assert!(one.deadline(Duration::ZERO).wait().await.unwrap_err().is_timeout());
    assert_eq!(watching.requests(), (0, 1), "one wait looks at its own job");
    drop(prepared);
    assert_eq!(board.watchers.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn many_jobs_in_states_without_a_filter_are_swept_unfiltered() {
    let account = Account::with((0..150).map(|id| (id, 6)));
    let board = Arc::new(Board::default());
    let fleet = account.fleet(&board).deadline(hour());
    let later = account.clone();
    tokio::join!(fleet.wait(), async move {
        tokio::time::sleep(Duration::from_secs(300)).await;
        later.set_all(5);
    });
    let (_, shows) = account.requests();
    assert!(shows <= 300, "{shows} single looks for 150 jobs");
    assert!(account.pages.lock().unwrap().iter().any(|(state, _)| state.is_none()));
}

#[tokio::test(start_paused = true)]
async fn end_that_only_an_old_sweep_shows_ends_no_wait() {
    let account = Account::with((0..30).map(|id| (id, 6)).chain([(99, 4)]));
    let board = Arc::new(Board::default());
    let watches: Vec<_> = (0..31).map(|_| Watch::new(&board, &Gate::open())).collect();
    for watch in &watches[..30] {
        watch.begin();
        watch.set_stray(true);
    }
    let (watch, source) = (&watches[30], account.source());
    assert_eq!(watch.look(&source, "99").await.unwrap().state, State::Failed);
    // Started again: the sweep of a moment ago still shows the failure.
    account.tasks.lock().unwrap().insert(99, 2);
    assert_eq!(watch.look(&source, "99").await.unwrap().state, State::Running);
    assert_eq!(account.requests().0, 1, "the sweep is still fresh");
}

#[tokio::test(start_paused = true)]
async fn failed_sweep_is_told_to_all_who_waited_for_it_and_ends_nothing() {
    let account = Account::with((0..500).map(|id| (id, 2)));
    *account.list_error.lock().unwrap() = Some(Error::new(ErrorKind::Api, "bad gateway").with_status(502));
    let board = Arc::new(Board::default());
    let fleet = account.fleet(&board).deadline(hour());
    let later = account.clone();
    let (ends, ()) = tokio::join!(fleet.wait(), async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(later.requests().0 < 200, "{:?}", later.requests());
        *later.list_error.lock().unwrap() = None;
        later.set_all(5);
    });
    assert!(ends.iter().all(|end| end.outcome.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn without_permission_to_list_jobs_are_looked_at_singly() {
    let account = Account::with((0..20).map(|id| (id, 5)));
    *account.list_error.lock().unwrap() = Some(Error::new(ErrorKind::Auth, "no right").with_status(403));
    let board = Arc::new(Board::default());
    let ends = account.fleet(&board).deadline(hour()).wait().await;
    assert!(ends.iter().all(|end| end.outcome.is_ok()));
    assert_eq!(account.requests(), (1, 20));
}

#[tokio::test(start_paused = true)]
async fn job_that_the_service_forgot_ends_alone() {
    let account = Account::with((0..10).map(|id| (id, 2)));
    let board = Arc::new(Board::default());
    let fleet = account.fleet(&board).deadline(hour());
    account.tasks.lock().unwrap().remove(&3);
    let later = account.clone();
    let (ends, ()) = tokio::join!(fleet.wait(), async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        later.set_all(5);
    });
    for (id, end) in ends.iter().enumerate() {
        assert_eq!(end.outcome.is_ok(), id != 3);
    }
    assert!(ends[3].outcome.as_ref().is_err_and(Error::is_not_found));
}

#[tokio::test(start_paused = true)]
async fn unchanged_looks_are_not_repeated_in_the_stream() {
    let account = Account::with([(1, 2)]);
    let board = Arc::new(Board::default());
    let fleet = account.fleet(&board).deadline(Duration::from_secs(60));
    let events: Vec<_> = futures_util::StreamExt::collect(fleet.stream()).await;
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(board.watchers.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_reads_holds_up_no_other_wait() {
    use futures_util::{FutureExt as _, StreamExt as _};

    let account = Account::with((0..50).map(|id| (id, 2)));
    let board = Arc::new(Board::default());
    let mut events = Box::pin(account.fleet(&board).deadline(hour()).stream());
    assert!(matches!(events.next().await, Some(FleetEvent::Progress(_))));
    // Polled up to the middle of a sweep, of single looks, of everything that it begins, and then left alone.
    for round in 0..40 {
        if round == 20 {
            account.set_all(5);
        }
        tokio::time::advance(Duration::from_millis(700)).await;
        while matches!(events.next().now_or_never(), Some(Some(_))) {}
        let wait = account.waiter(&board, &Gate::open(), 7).deadline(Duration::from_secs(2));
        let outcome = tokio::time::timeout(Duration::from_secs(20), wait.wait()).await.unwrap();
        assert_eq!(outcome.is_ok(), round >= 20, "round {round}: {outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_refused_for_a_while_is_read_again_later() {
    let account = Account::with((0..20).map(|id| (id, 2)));
    *account.list_error.lock().unwrap() = Some(Error::new(ErrorKind::NotFound, "no such list"));
    let board = Arc::new(Board::default());
    let fleet = account.fleet(&board).deadline(hour());
    let later = account.clone();
    let (ends, ()) = tokio::join!(fleet.wait(), async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(later.requests().0, 1);
        *later.list_error.lock().unwrap() = None;
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert!(later.requests().0 > 1);
        later.set_all(5);
    });
    assert!(ends.iter().all(|end| end.outcome.is_ok()), "no job was taken for gone");
}

#[test]
fn look_that_gives_way_in_the_last_turn_goes_on_in_the_next() {
    // Python and C drive the runtime from event to event: what one turn leaves must be there for the next.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let account = Account::default();
    account.tasks.lock().unwrap().insert(1, 2);
    let source: Arc<dyn Source> = Arc::new(account);
    let watch = Watch::new(&Arc::default(), &Gate::open());
    let mut looks = futures_util::stream::FuturesUnordered::from_iter([watch.look(&source, "1").boxed()]);
    runtime.block_on(poll_fn(|cx| {
        assert!(futures_util::StreamExt::poll_next_unpin(&mut looks, cx).is_pending());
        Poll::Ready(())
    }));
    let look = futures_util::StreamExt::next(&mut looks);
    let look = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), look).await });
    assert_eq!(look.unwrap().unwrap().unwrap().id, "1");
}
