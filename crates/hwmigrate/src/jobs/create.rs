//! Creating a job exactly once over a network that loses replies.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_core::Stream;
use futures_util::TryStreamExt;

use super::mark::Mark;
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::wait::{LAST_LOOK_GRACE, is_final};

/// What a create returned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Created<Id> {
    /// The id for all further calls.
    pub id: Id,
    /// The name the service gave it. Groups and sync tasks have none.
    pub name: Option<String>,
    /// It was found, not answered: the reply was lost, or somebody else made it at the same moment.
    pub adopted: bool,
    /// The mark in its description, if it carries one.
    pub mark: Option<Mark>,
}

impl<Id> Created<Id> {
    /// From an answer, which must hold an id: without one the job is lost.
    pub(crate) fn from_answer(
        operation: &'static str,
        id: Option<Id>,
        name: Option<String>,
        request_id: Option<String>,
    ) -> Result<Self> {
        match id {
            Some(id) => Ok(Self { id, name, adopted: false, mark: None }),
            None => {
                let words = "the service accepted the request and did not tell the id of the job";
                Err(Error::new(ErrorKind::Ambiguous, words)
                    .with_operation(operation)
                    .with_request_id(request_id)
                    .with_advice("list the jobs and look for it before creating another"))
            }
        }
    }

    pub(crate) fn marked(mut self, mark: &Mark) -> Self {
        self.mark = Some(mark.clone());
        self
    }
}

/// Pauses before the looks for a lost job, 30 seconds in all: a request may
/// still be on its way when its connection is already gone.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
];

/// Sends a create once; when its reply is lost, the job is looked for by its mark, both within
/// `limit`. The create keeps to it by itself.
pub(crate) async fn once<Id, F>(
    mark: &Mark,
    limit: Duration,
    create: impl Future<Output = Result<Created<Id>>>,
    find: impl Fn() -> F,
) -> Result<Created<Id>>
where
    F: Future<Output = Result<Option<Created<Id>>>>,
{
    let begun = clock::instant();
    match create.await {
        Ok(created) => Ok(created.marked(mark)),
        Err(lost) if lost.is_ambiguous() => {
            let used = clock::instant().saturating_duration_since(begun);
            settle_marked(lost, mark, limit.saturating_sub(used), find).await
        }
        Err(error) => Err(error),
    }
}

/// The job of a list whose description carries the mark. `facts` takes id, name and description
/// out of an entry.
pub(crate) async fn find<T, Id>(
    mark: &Mark,
    jobs: impl Stream<Item = Result<T>>,
    facts: impl Fn(T) -> (Option<Id>, Option<String>, Option<String>),
) -> Result<Option<Created<Id>>> {
    let mut jobs = pin!(jobs);
    while let Some(job) = jobs.try_next().await? {
        if let (Some(id), name, Some(description)) = facts(job)
            && mark.is_in(&description)
        {
            return Ok(Some(Created { id, name, adopted: true, mark: None }.marked(mark)));
        }
    }
    Ok(None)
}

/// As [`settle`], for a job that carries a mark.
pub(crate) async fn settle_marked<Id, F>(
    lost: Error,
    mark: &Mark,
    limit: Duration,
    find: impl Fn() -> F,
) -> Result<Created<Id>>
where
    F: Future<Output = Result<Option<Created<Id>>>>,
{
    Ok(settle(lost, &format!("the mark {mark}"), limit, find).await?.marked(mark))
}

/// Looks for the job after its create ended with `lost`, for half a minute or as long as `limit`
/// lets it; the last look gets as long for its answer as that of a wait. Never creates another.
/// `sign` says by what it would be known.
pub(crate) async fn settle<Id, F>(
    lost: Error,
    sign: &str,
    limit: Duration,
    find: impl Fn() -> F,
) -> Result<Created<Id>>
where
    F: Future<Output = Result<Option<Created<Id>>>>,
{
    tracing::warn!(sign, "the reply to a create was lost; looking for the job");
    let deadline = clock::after(limit);
    let mut looked = None;
    for pause in PAUSES {
        clock::sleep(pause.min(deadline.saturating_duration_since(clock::instant()))).await;
        match clock::within(Duration::MAX, deadline + LAST_LOOK_GRACE, find()).await {
            Some(Ok(Some(found))) => return Ok(Created { adopted: true, ..found }),
            Some(Ok(None)) => looked = Some(Ok(())),
            Some(Err(error)) if is_final(&error) => {
                looked = Some(Err(error));
                break;
            }
            Some(Err(error)) => looked = Some(Err(error)),
            None => {
                looked = Some(Err(Error::new(ErrorKind::Timeout, "the list was not answered in time")));
            }
        }
        if clock::instant() >= deadline {
            break;
        }
    }
    let window = PAUSES.iter().sum::<Duration>().min(limit).as_secs_f64().ceil();
    let (words, advice) = match &looked {
        Some(Err(_)) => (
            format!(
                "the reply was lost, and the list that would tell could not be read; the job would have {sign}"
            ),
            "list the jobs later and look for it before creating another",
        ),
        _ => (
            format!(
                "the reply was lost, and no job with {sign} appeared within {window} s; it may still appear"
            ),
            "look for it once more after a while; if it is not there, create again",
        ),
    };
    let error = lost.with_kind(ErrorKind::Ambiguous).with_message(words).with_advice(advice);
    Err(match looked {
        Some(Err(cause)) => error.with_source(cause),
        _ => error,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::cell::Cell;

    use super::*;

    fn lost() -> Error {
        Error::new(ErrorKind::Ambiguous, "the reply was lost").with_operation("CreateTask")
    }

    fn found() -> Created<i64> {
        Created { id: 17, name: Some("n".into()), adopted: false, mark: None }
    }

    #[tokio::test(start_paused = true)]
    async fn job_that_appears_late_is_adopted() {
        let looks = Cell::new(0);
        let mark = Mark::unique();
        let created = settle_marked(lost(), &mark, Duration::MAX, || {
            looks.set(looks.get() + 1);
            let answer = match looks.get() {
                1 => Ok(None),
                2 => Err(Error::new(ErrorKind::Transport, "reset")),
                _ => Ok(Some(found())),
            };
            std::future::ready(answer)
        })
        .await
        .unwrap();
        assert_eq!((created.id, created.adopted, created.mark), (17, true, Some(mark)));
        assert_eq!(looks.get(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn job_that_never_appears_stays_ambiguous_and_the_error_carries_the_mark() {
        let mark = Mark::unique();
        let start = clock::instant();
        let error = settle_marked::<i64, _>(lost(), &mark, Duration::MAX, || std::future::ready(Ok(None)))
            .await
            .unwrap_err();
        assert!(error.is_ambiguous());
        assert!(error.message().contains(mark.as_str()), "{error}");
        assert_eq!(error.operation(), Some("CreateTask"));
        assert_eq!((clock::instant() - start).as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn list_that_may_not_be_read_ends_the_search_at_once() {
        let looks = Cell::new(0);
        let error = settle_marked::<i64, _>(lost(), &Mark::unique(), Duration::MAX, || {
            looks.set(looks.get() + 1);
            std::future::ready(Err(Error::new(ErrorKind::Auth, "no right to list").with_status(403)))
        })
        .await
        .unwrap_err();
        assert!(error.is_ambiguous());
        assert!(error.chain().ends_with("no right to list"), "{}", error.chain());
        assert_eq!(looks.get(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn search_keeps_to_its_limit_with_one_last_look_at_its_end() {
        // How long a look takes, and when the search is over.
        for (takes, over, answered) in [(0, 2, 3), (60, 7, 0)] {
            let (looks, start) = (Cell::new(0), clock::instant());
            let error = settle::<i64, _>(lost(), "the name x", Duration::from_secs(2), || async {
                clock::sleep(Duration::from_secs(takes)).await;
                looks.set(looks.get() + 1);
                Ok(None)
            })
            .await
            .unwrap_err();
            assert!(error.is_ambiguous() && error.message().contains("the name x"), "{error}");
            assert_eq!(((clock::instant() - start).as_secs(), looks.get()), (over, answered));
        }
        let at_once = settle(lost(), "the name x", Duration::ZERO, || std::future::ready(Ok(Some(found()))));
        assert_eq!(at_once.await.unwrap().id, 17);
    }

    #[test]
    fn answer_without_an_id_is_ambiguous() {
        let error = Created::<i64>::from_answer("CreateTask", None, None, Some("r1".into())).unwrap_err();
        assert!(error.is_ambiguous());
        assert_eq!(error.request_id(), Some("r1"));
    }
}
