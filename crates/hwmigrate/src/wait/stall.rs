//! Noticing a job that runs and gets nowhere.

use std::time::Duration;

use tokio::time::Instant;

use crate::progress::{Progress, State};

/// Everything that changes when a running job gets anywhere. The totals belong
/// to it: they grow while the source is still being listed.
#[derive(Clone, Debug, PartialEq)]
struct Footprint {
    bytes: u64,
    bytes_total: Option<u64>,
    settled: u64,
    objects_total: Option<u64>,
    totals_final: bool,
    tasks_complete: Option<u64>,
    phases: usize,
    step: Option<(Option<i64>, String, Option<u8>)>,
}

impl Footprint {
    fn of(progress: &Progress) -> Self {
        Self {
            bytes: progress.bytes.done,
            bytes_total: progress.bytes.total,
            settled: progress.objects.settled(),
            objects_total: progress.objects.total,
            totals_final: progress.totals_final,
            tasks_complete: progress.tasks.map(|tasks| tasks.complete),
            phases: progress.phases.len(),
            step: progress.step.as_ref().map(|step| (step.id, step.name.clone(), step.percent)),
        }
    }
}

/// Remembers when a job last moved.
#[derive(Debug, Default)]
pub(crate) struct Stall {
    after: Option<Duration>,
    since: Option<(Footprint, Instant)>,
}

impl Stall {
    /// Calls a job stalled when nothing moved for `after`; never, if that is `None`.
    pub(crate) fn new(after: Option<Duration>) -> Self {
        Self { after, since: None }
    }

    /// Whether the job stands still at `now`.
    ///
    /// A server that is synchronised may have nothing to send for days, so only
    /// a job that works towards an end of its own can stall. The next step, and
    /// the next phase, is a move.
    ///
    /// A pass that copies metadata may sit at 0 % to its successful end, so
    /// such a job is stalled only after it has moved something once.
    pub(crate) fn observe(&mut self, progress: &Progress, now: Instant) -> bool {
        let Some(after) = self.after else { return false };
        if !matches!(progress.state, State::Running | State::Retrying) {
            self.since = None;
            return false;
        }
        let footprint = Footprint::of(progress);
        match &self.since {
            Some((earlier, at)) if *earlier == footprint => {
                let zero_is_normal = progress.migrates_metadata && !progress.has_moved();
                !zero_is_normal && now.saturating_duration_since(*at) >= after
            }
            _ => {
                self.since = Some((footprint, now));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::{Bytes, Resource};

    fn running(done: u64) -> Progress {
        let mut progress = Progress::new(Resource::Task, "1", State::Running, Some(2));
        progress.bytes = Bytes { done, total: Some(100) };
        progress
    }

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn job_that_moves_nothing_for_the_given_time_is_stalled() {
        let start = Instant::now();
        let mut stall = Stall::new(Some(Duration::from_secs(60)));
        assert!(!stall.observe(&running(5), start));
        assert!(!stall.observe(&running(5), at(start, 59)));
        assert!(stall.observe(&running(5), at(start, 60)));
        assert!(!stall.observe(&running(6), at(start, 61)), "it moves again");
        assert!(!stall.observe(&running(6), at(start, 120)));
        assert!(stall.observe(&running(6), at(start, 121)));
    }

    #[tokio::test(start_paused = true)]
    async fn zero_percent_of_a_metadata_pass_is_no_stall() {
        let start = Instant::now();
        let mut stall = Stall::new(Some(Duration::from_secs(60)));
        let mut progress = running(0);
        progress.migrates_metadata = true;
        assert!(!stall.observe(&progress, start));
        assert!(!stall.observe(&progress, at(start, 600)));
        progress.migrates_metadata = false;
        assert!(stall.observe(&progress, at(start, 601)));
    }

    #[tokio::test(start_paused = true)]
    async fn growing_totals_and_waiting_are_no_stall() {
        let start = Instant::now();
        let mut stall = Stall::new(Some(Duration::from_secs(60)));
        let mut progress = running(0);
        assert!(!stall.observe(&progress, start));
        progress.bytes.total = Some(200);
        assert!(!stall.observe(&progress, at(start, 90)), "the source is still being listed");
        progress.state = State::Waiting;
        assert!(!stall.observe(&progress, at(start, 900)));
        progress.state = State::Running;
        assert!(!stall.observe(&progress, at(start, 901)), "counted from the moment it runs");
    }

    #[tokio::test(start_paused = true)]
    async fn next_step_is_a_move_and_synchronising_is_no_stall() {
        let start = Instant::now();
        let mut stall = Stall::new(Some(Duration::from_secs(60)));
        let mut progress = Progress::new(Resource::ServerTask, "5f", State::Running, None);
        let mut step = |id, name: &str| {
            progress.step = Some(crate::progress::Step {
                id: Some(id),
                name: name.to_owned(),
                state: crate::progress::StepState::Running,
                percent: Some(0),
                start_time_ms: None,
                end_time_ms: None,
                bytes_per_second: None,
                detail: None,
            });
            progress.clone()
        };
        assert!(!stall.observe(&step(1, "SSL_CONFIG"), start));
        assert!(!stall.observe(&step(2, "ATTACH_AGENT_IMAGE"), at(start, 60)));
        assert!(!stall.observe(&step(2, "ATTACH_AGENT_IMAGE"), at(start, 119)));
        assert!(stall.observe(&step(2, "ATTACH_AGENT_IMAGE"), at(start, 120)));
        let syncing = Progress { state: State::Syncing, ..step(2, "ATTACH_AGENT_IMAGE") };
        assert!(!stall.observe(&syncing, at(start, 100_000)));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_time_nothing_is_ever_stalled() {
        let start = Instant::now();
        let mut stall = Stall::new(None);
        assert!(!stall.observe(&running(1), start));
        assert!(!stall.observe(&running(1), at(start, 1_000_000)));
    }
}
