//! How often to look at a job.

use std::time::Duration;

use hwmigrate::wait::PollPolicy;

/// How often to look at a job, so that a bar on a screen moves. A service that is `near`, inside
/// this process, may be asked more often.
pub(crate) fn rhythm(near: bool) -> PollPolicy {
    if near {
        PollPolicy::new().shortest(Duration::from_millis(50)).longest(Duration::from_millis(500))
    } else {
        PollPolicy::new().longest(Duration::from_secs(10))
    }
}
