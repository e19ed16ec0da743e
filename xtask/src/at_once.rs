//! Jobs that do not depend on each other, as many at once as there are processors.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::tools::Result;

/// Something to be done, with a name for people.
pub(crate) struct Job<'a> {
    name: String,
    work: Box<dyn FnOnce() -> Result<()> + Send + 'a>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(name: String, work: impl FnOnce() -> Result<()> + Send + 'a) -> Self {
        Self { name, work: Box::new(work) }
    }
}

/// Does them all, in this order as far as there is one. After a failure none is begun any more; those under
/// way run to their end.
pub(crate) fn at_once(jobs: Vec<Job<'_>>) -> Result<()> {
    let waiting = Mutex::new(VecDeque::from(jobs));
    let failures = Mutex::new(Vec::new());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let worker = || {
        while let Some(Job { name, work }) = next() {
            println!("--- {name}");
            if let Err(cause) = work() {
                waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
                failures.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{name}: {cause}"));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(worker);
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failures.is_empty() { Ok(()) } else { Err(failures.join("; ").into()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_job_is_done_and_every_failure_told() {
        let done = AtomicUsize::new(0);
        let good = || {
            Job::new("good".to_owned(), || {
                done.fetch_add(1, Ordering::Relaxed);
                Ok(())
            })
        };
        at_once((0..20).map(|_| good()).collect()).unwrap();
        assert_eq!(done.load(Ordering::Relaxed), 20);
        let bad = Job::new("bad".to_owned(), || Err("it broke".into()));
        let error = at_once(vec![good(), bad]).unwrap_err();
        assert_eq!(error.to_string(), "bad: it broke");
    }
}
