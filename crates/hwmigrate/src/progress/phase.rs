//! The phases of a job that is done in steps.

use std::fmt;
use std::time::Duration;

/// A part of a job that somebody asked for, such as the first copy or a cut-over.
///
/// Jobs of the Server Migration Service have phases, one for each action that
/// a user took, in the order they were taken. The list is a history: a phase
/// that is over stays in it, and nobody knows which will follow.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Phase {
    /// The service's name, such as `REPLICATE`, `CUTOVER0` or `RESYNC0`.
    pub name: String,
    /// What the name stands for.
    pub kind: PhaseKind,
    /// How often the same was asked for before: 1 for `CUTOVER1`, 0 where the name has no number.
    pub round: u32,
    /// How far it is.
    pub state: StepState,
    /// How much of it is done, 0 to 100; `None` where nobody can tell.
    ///
    /// A phase that copies data is as far as its data, whatever comes before
    /// and after the copy; any other is as far as its steps, those still to
    /// come by the documentation included. 100 means that the phase is over.
    pub percent: Option<u8>,
    /// Its steps so far, in the order of the service.
    pub steps: Vec<Step>,
}

impl Phase {
    /// The step it is at, or the last one it was at.
    pub fn current(&self) -> Option<&Step> {
        self.steps.iter().rev().find(|step| step.state != StepState::Waiting).or_else(|| self.steps.first())
    }

    /// Marks the run of this phase: a start after a failure copies anew.
    fn run(&self) -> Option<i64> {
        let copy = self.steps.iter().rev().find(|step| step.copies_data());
        copy.or_else(|| self.steps.first()).and_then(|step| step.id)
    }
}

impl fmt::Display for Phase {
    /// Such as `REPLICATE 40%, MIGRATE_LINUX_FILE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(percent) = self.percent {
            write!(f, " {percent}%")?;
        }
        match self.current() {
            Some(step) if self.state != StepState::Done => write!(f, ", {}", step.name),
            _ => Ok(()),
        }
    }
}

/// What a phase is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PhaseKind {
    /// The first copy.
    Replicate,
    /// The target is made ready and launched.
    Cutover,
    /// What changed on the source since is copied.
    Resync,
    /// A name that this version does not know.
    Other,
}

impl PhaseKind {
    /// The lower-case word for tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replicate => "replicate",
            Self::Cutover => "cutover",
            Self::Resync => "resync",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for PhaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A step of a phase.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// The service's number for it, which no other step of the job has.
    pub id: Option<i64>,
    /// The service's name, such as `MIGRATE_LINUX_FILE`.
    pub name: String,
    /// How far it is.
    pub state: StepState,
    /// How much of it is done, 0 to 100, by the service.
    pub percent: Option<u8>,
    /// When it began, in ms since 1970.
    pub start_time_ms: Option<i64>,
    /// When it ended, in ms since 1970.
    pub end_time_ms: Option<i64>,
    /// Its speed in bytes per second, by the service's own measure.
    pub bytes_per_second: Option<u64>,
    /// What the service says about it in words.
    pub detail: Option<String>,
}

impl Step {
    /// How long it took; `None` before its end.
    pub fn elapsed(&self) -> Option<Duration> {
        let span = self.end_time_ms?.checked_sub(self.start_time_ms?)?;
        u64::try_from(span).ok().map(Duration::from_millis)
    }

    /// Whether it copies data, as opposed to making something ready.
    pub fn copies_data(&self) -> bool {
        copies_data(&self.name)
    }
}

/// Whether a step of this name copies data.
pub(crate) fn copies_data(step: &str) -> bool {
    step.starts_with("MIGRATE_") || step.starts_with("SYNC_")
}

/// How far a phase or a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepState {
    /// It is named, and has not begun.
    Waiting,
    /// It goes on.
    Running,
    /// It is over.
    Done,
    /// The job failed in it.
    Failed,
    /// The job was stopped in it, or went on without finishing it.
    Stopped,
}

impl StepState {
    /// The lower-case word for tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for StepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Keeps the shares of `now` from falling below those of `earlier` within one run of a phase.
pub(crate) fn hold(now: &mut [Phase], earlier: &[Phase]) {
    for phase in now {
        let before = earlier.iter().find(|before| before.name == phase.name);
        if let Some(before) = before.filter(|before| before.run() == phase.run()) {
            phase.percent = phase.percent.max(before.percent.filter(|_| phase.percent.is_some()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(copy: i64, percent: Option<u8>) -> Phase {
        let step = |id, name: &str| Step {
            id: Some(id),
            name: name.to_owned(),
            state: StepState::Running,
            percent: Some(1),
            start_time_ms: Some(1_000),
            end_time_ms: None,
            bytes_per_second: None,
            detail: None,
        };
        Phase {
            name: "REPLICATE".to_owned(),
            kind: PhaseKind::Replicate,
            round: 0,
            state: StepState::Running,
            percent,
            steps: vec![step(1, "SSL_CONFIG"), step(copy, "MIGRATE_LINUX_FILE")],
        }
    }

    #[test]
    fn share_of_a_run_does_not_fall_and_a_new_run_begins_anew() {
        let table = [
            (phase(2, Some(30)), Some(40)),
            (phase(2, Some(50)), Some(50)),
            (phase(2, None), None),
            (phase(7, Some(3)), Some(3)),
        ];
        for (now, expected) in table {
            let mut phases = [now];
            hold(&mut phases, &[phase(2, Some(40))]);
            assert_eq!(phases[0].percent, expected);
        }
    }

    #[test]
    fn line_for_people_names_the_step() {
        assert_eq!(phase(2, Some(40)).to_string(), "REPLICATE 40%, MIGRATE_LINUX_FILE");
        let over = Phase { state: StepState::Done, ..phase(2, Some(100)) };
        assert_eq!(over.to_string(), "REPLICATE 100%");
    }

    #[test]
    fn step_took_the_time_between_its_ends() {
        let mut step = phase(2, None).steps.remove(0);
        assert_eq!(step.elapsed(), None);
        step.end_time_ms = Some(3_500);
        assert_eq!(step.elapsed(), Some(Duration::from_millis(2_500)));
        step.end_time_ms = Some(0);
        assert_eq!(step.elapsed(), None, "an end before the begin is no span");
    }
}
