//! Waiting for a job.
//!
//! The service accepts a job at once and finishes it later, hours or days
//! later. A [`Waiter`] turns "ask again" into one call with a deadline. It is
//! made by `wait(id)` of [`Tasks`](crate::oms::Tasks::wait) and
//! [`Groups`](crate::oms::Groups::wait), and by `wait_until(id, goal)` of the
//! tasks that move servers, and consumed in one of three ways:
//! [`wait`](Waiter::wait) for the outcome, [`next`](Waiter::next) by hand, or
//! [`stream`](Waiter::stream).
//!
//! What ends a wait, and what does not:
//!
//! - The state that was waited for, or any state behind it, is success. A job
//!   that finishes between two looks is not missed.
//! - Paused is an [`Outcome`] of its own, and so is an end that came before a stop.
//! - A failed job is an error of kind `JobFailed` with the service's reason,
//!   advice and counts.
//! - A look that fails does not end the wait: connection, 5xx, 429, an answer
//!   cut short, a login that expired. Missing permission and an unknown job do,
//!   and so do six failures in a row before the first answer: then the endpoint
//!   is more likely wrong than ill.
//! - A state that this version does not know counts as still going. It is
//!   reported once through `tracing`, and named when the deadline passes.
//!
//! ```no_run
//! use std::time::Duration;
//! use hwmigrate::wait::Outcome;
//!
//! # async fn demo(client: hwmigrate::Client) -> hwmigrate::Result<()> {
//! let tasks = client.oms().tasks();
//! match tasks.wait(17).deadline(Duration::from_secs(6 * 3600)).wait().await? {
//!     Outcome::Done(progress) => println!("{} objects", progress.objects.done),
//!     Outcome::Paused(_) => println!("somebody paused it"),
//!     _ => {}
//! }
//! # Ok(()) }
//! ```

mod course;
#[cfg(test)]
mod course_tests;
mod outcome;
mod policy;
mod stall;
mod verdict;
mod waiter;
#[cfg(test)]
mod waiter_tests;

pub use outcome::Outcome;
pub use policy::PollPolicy;
pub use verdict::Until;
pub use waiter::{Limit, Unlimited, Waiter};

pub(crate) use course::{FAILURES_AT_FIRST, LAST_LOOK_GRACE, LookError};
pub(crate) use outcome::{failed, is_final, job_report, judge};
pub(crate) use verdict::{Aim, Verdict};
pub(crate) use waiter::{Job, stop_and_look};
