//! One piece of work for everyone who needs its outcome.
//!
//! Whoever comes first begins it, whoever comes meanwhile joins, and each of
//! them moves it on while it waits. So the work does not depend on the one who
//! began it: that one may give up, or hold a stream of events that it does not
//! read for a while. A lock held while waiting would make all others wait for
//! it then, and never end if it waits for them.
//!
//! When nobody waits any more, the work is dropped.

use std::any::Any;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use crate::cancel;

/// An outcome, or the panic that came instead: a bug of ours, or of a caller's closure.
type Ended<T> = Result<T, Arc<Mutex<Option<Box<dyn Any + Send>>>>>;
type Work<T> = BoxFuture<'static, Ended<T>>;

/// The work under way, if any.
pub(crate) struct Flight<T: Clone>(Mutex<Option<WeakShared<Work<T>>>>);

impl<T: Clone> Default for Flight<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    /// The outcome of the work under way, or else of work that is begun now; and whether this call began it.
    ///
    /// A panic stays with the call that began the work; the others begin it anew.
    pub(crate) async fn join(&self, begin: impl Fn() -> BoxFuture<'static, T>) -> (T, bool) {
        loop {
            let (work, began) = {
                let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                match under_way(&current) {
                    Some(work) => (work, false),
                    None => {
                        let work = AssertUnwindSafe(cancel::shielded(begin())).catch_unwind();
                        let work = work
                            .map(|ended| ended.map_err(|panic| Arc::new(Mutex::new(Some(panic)))))
                            .boxed();
                        let work = work.shared();
                        *current = work.downgrade();
                        (work, true)
                    }
                }
            };
            match work.await {
                Ok(outcome) => return (outcome, began),
                Err(panic) if began => {
                    let payload = panic.lock().unwrap_or_else(PoisonError::into_inner).take();
                    resume_unwind(payload.unwrap_or_else(|| Box::new("the work of all panicked")))
                }
                Err(_) => {}
            }
        }
    }

    /// Whether anybody waits for work that has not ended.
    pub(crate) fn is_on(&self) -> bool {
        under_way(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).is_some()
    }
}

/// What has ended is of no use to those who come later.
fn under_way<T: Clone>(current: &Option<WeakShared<Work<T>>>) -> Option<Shared<Work<T>>> {
    current.as_ref()?.upgrade().filter(|work| work.peek().is_none())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use super::*;

    fn work(begun: &Arc<AtomicU32>) -> impl Fn() -> BoxFuture<'static, u32> + use<> {
        let begun = Arc::clone(begun);
        move || {
            let begun = Arc::clone(&begun);
            async move {
                let number = begun.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(5)).await;
                number
            }
            .boxed()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_come_meanwhile_share_one_outcome_and_later_ones_begin_anew() {
        let (flight, begun) = (Flight::default(), Arc::new(AtomicU32::new(0)));
        let joins = (0..100).map(|_| flight.join(work(&begun)));
        let outcomes = futures_util::future::join_all(joins).await;
        assert_eq!(outcomes[0], (0, true));
        assert!(outcomes[1..].iter().all(|outcome| *outcome == (0, false)));
        assert!(!flight.is_on());
        assert_eq!(flight.join(work(&begun)).await, (1, true));
    }

    #[tokio::test(start_paused = true)]
    async fn work_goes_on_without_the_one_who_began_it() {
        let (flight, begun) = (Flight::default(), Arc::new(AtomicU32::new(0)));
        // Polled once, kept, and never polled again.
        let mut parked = Box::pin(flight.join(work(&begun)));
        assert!(matches!(parked.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
        assert!(flight.is_on());
        assert_eq!(flight.join(work(&begun)).await, (0, false));
        assert_eq!(parked.await, (0, true));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_nobody_waits_for_is_dropped() {
        let (flight, begun) = (Flight::default(), Arc::new(AtomicU32::new(0)));
        let given_up = tokio::time::timeout(Duration::from_secs(1), flight.join(work(&begun))).await;
        assert!(given_up.is_err() && !flight.is_on());
        assert_eq!(flight.join(work(&begun)).await, (1, true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_stays_with_the_one_who_began() {
        let (flight, begun) = (Arc::new(Flight::default()), Arc::new(AtomicU32::new(0)));
        let calls: Vec<_> = (0..3)
            .map(|_| {
                let (flight, begun) = (Arc::clone(&flight), Arc::clone(&begun));
                tokio::spawn(async move {
                    let begin = || {
                        let begun = Arc::clone(&begun);
                        async move {
                            let number = begun.fetch_add(1, Ordering::SeqCst);
                            tokio::time::sleep(Duration::from_secs(5)).await;
                            assert!(number > 0, "the first one breaks");
                            number
                        }
                        .boxed()
                    };
                    flight.join(begin).await
                })
            })
            .collect();
        let ends = futures_util::future::join_all(calls).await;
        assert_eq!(ends.iter().filter(|end| end.is_err()).count(), 1);
        assert_eq!(ends.iter().flatten().filter(|(number, _)| *number == 1).count(), 2);
        assert_eq!(flight.join(work(&begun)).await, (2, true));
    }
}
