#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::future::ready;
use std::sync::{Arc, Mutex};

use super::*;

/// A job that answers looks, stops and deletes from scripts, and keeps a diary.
#[derive(Clone, Default)]
struct Actor {
    looks: Arc<Mutex<VecDeque<Result<State>>>>,
    stops: Arc<Mutex<VecDeque<Result<()>>>>,
    deletes: Arc<Mutex<VecDeque<Result<()>>>>,
    diary: Arc<Mutex<Vec<&'static str>>>,
}

fn conflict(code: &str) -> Error {
    Error::new(ErrorKind::Conflict, "not now").with_code(code)
}

fn gone() -> Error {
    Error::new(ErrorKind::NotFound, "no such job")
}

/// The next of a script, whose last entry repeats.
fn next<T: Clone>(script: &Mutex<VecDeque<Result<T>>>) -> Result<T> {
    let mut script = script.lock().unwrap();
    if script.len() > 1 { script.pop_front().unwrap() } else { script[0].clone() }
}

impl Actor {
    fn new(
        looks: impl IntoIterator<Item = Result<State>>,
        stops: impl IntoIterator<Item = Result<()>>,
        deletes: impl IntoIterator<Item = Result<()>>,
    ) -> Self {
        Self {
            looks: Arc::new(Mutex::new(looks.into_iter().collect())),
            stops: Arc::new(Mutex::new(stops.into_iter().collect())),
            deletes: Arc::new(Mutex::new(deletes.into_iter().collect())),
            diary: Arc::default(),
        }
    }

    async fn remove(&self, resource: Resource, seconds: u64) -> Result<()> {
        let (looked, stopped, deleted) = (self.clone(), self.clone(), self.clone());
        let job = Job {
            resource,
            id: "17".to_owned(),
            dice: fastrand::Rng::with_seed(1),
            look: Arc::new(move || {
                let look = next(&looked.looks);
                Box::pin(ready(look.map(|state| Progress::new(resource, "17", state, None))))
            }),
            stop: Arc::new(move || {
                stopped.diary.lock().unwrap().push("stop");
                Box::pin(ready(next(&stopped.stops)))
            }),
        };
        let delete = move || -> Doing<()> {
            deleted.diary.lock().unwrap().push("delete");
            Box::pin(ready(next(&deleted.deletes)))
        };
        let limit = Duration::from_secs(seconds);
        remove(Removal { job, delete: &delete, operation: "DeleteTask", limit }).await
    }

    fn diary(&self) -> Vec<&'static str> {
        self.diary.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn job_at_rest_is_deleted_at_once() {
    for state in [State::Waiting, State::Paused, State::Failed, State::Succeeded] {
        let actor = Actor::new([Ok(state)], [Ok(())], [Ok(())]);
        actor.remove(Resource::Task, 60).await.unwrap();
        assert_eq!(actor.diary(), ["delete"], "{state}");
    }
}

#[tokio::test(start_paused = true)]
async fn running_job_is_stopped_and_the_delete_repeated_while_it_is_busy() {
    let looks = [State::Running, State::Pausing, State::Pausing, State::Paused].map(Ok);
    let busy = conflict("OMS.0063");
    let actor = Actor::new(looks, [Ok(())], [Err(busy.clone()), Err(busy), Ok(())]);
    actor.remove(Resource::Task, 60).await.unwrap();
    assert_eq!(actor.diary(), ["stop", "delete", "delete", "delete"]);
}

#[tokio::test(start_paused = true)]
async fn job_that_ends_before_the_stop_is_deleted_all_the_same() {
    let actor = Actor::new([Ok(State::Running), Ok(State::Succeeded)], [Err(conflict("OMS.0066"))], [Ok(())]);
    actor.remove(Resource::Task, 60).await.unwrap();
    assert_eq!(actor.diary(), ["stop", "delete"]);
}

#[tokio::test(start_paused = true)]
async fn job_that_is_gone_is_fine_at_every_step() {
    let actor = Actor::new([Err(gone())], [Ok(())], [Ok(())]);
    actor.remove(Resource::Task, 60).await.unwrap();
    assert!(actor.diary().is_empty());
    let actor = Actor::new([Ok(State::Paused)], [Ok(())], [Err(gone())]);
    actor.remove(Resource::Task, 60).await.unwrap();
    let actor = Actor::new([Ok(State::Running)], [Err(gone())], [Ok(())]);
    actor.remove(Resource::Task, 60).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn group_that_creates_its_tasks_is_stopped_once_it_runs_them() {
    let looks = [
        Ok(State::Preparing),
        Ok(State::Preparing),
        Ok(State::Running),
        Ok(State::Running),
        Ok(State::Paused),
        Ok(State::Deleting),
        Err(gone()),
    ];
    let actor = Actor::new(looks, [Err(conflict("OMS.1038")), Ok(())], [Ok(())]);
    actor.remove(Resource::Group, 60).await.unwrap();
    assert_eq!(actor.diary(), ["stop", "stop", "delete"]);
}

#[tokio::test(start_paused = true)]
async fn group_that_fails_while_it_creates_its_tasks_is_deleted() {
    let looks =
        [Ok(State::Preparing), Ok(State::Failed), Ok(State::Failed), Ok(State::Deleting), Err(gone())];
    let actor = Actor::new(looks, [Err(conflict("OMS.1038"))], [Ok(())]);
    actor.remove(Resource::Group, 60).await.unwrap();
    assert_eq!(actor.diary(), ["stop", "delete"]);
}

#[tokio::test(start_paused = true)]
async fn limit_holds_for_all_steps_together_and_the_error_tells_the_state() {
    let actor = Actor::new([Ok(State::Paused)], [Ok(())], [Err(conflict("OMS.0063"))]);
    let start = clock::instant();
    let error = actor.remove(Resource::Task, 60).await.unwrap_err();
    assert!(error.is_timeout());
    assert!(error.message().contains("was not deleted within 60 s: it is paused"), "{error}");
    assert!(error.chain().contains("OMS.0063"), "{}", error.chain());
    assert!(clock::instant() - start <= Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn other_refusals_end_it_at_once() {
    let forbidden = Error::new(ErrorKind::Auth, "no right").with_status(403);
    let actor = Actor::new([Ok(State::Paused)], [Ok(())], [Err(forbidden)]);
    assert!(actor.remove(Resource::Task, 60).await.unwrap_err().is_auth());
}
