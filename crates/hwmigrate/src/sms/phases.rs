//! From the steps of a task to phases with a share each.
//!
//! A task keeps a history of its steps. Each carries the name of the run it
//! belongs to: `REPLICATE` first, then `CUTOVER0`, `RESYNC0`, `CUTOVER1` and so
//! on, one for each thing that somebody asked for. A step's name comes again in
//! every run, its number does not.
//!
//! The service counts no total. The share of a phase here is that of its data
//! where it copies data: the copy takes hours, everything before and after it
//! minutes, and nothing says how long those take beside it. A cut-over copies
//! nothing, so its share is that of its steps. A phase of another name has no
//! share before it is over, because nobody knows which steps are to come.
//!
//! Source: <https://support.huaweicloud.com/intl/en-us/api-sms/sms_api_0054.html>.

use hwmigrate_api::sms::types::{SubTask, SubTaskAssociatedWithTask};

use crate::progress::{Phase, PhaseKind, State, Step, StepState, copies_data};

/// What the steps of a cut-over begin with, by the documentation.
const CUTOVER_STEPS: [&str; 2] = ["CONFIGURE_", "DETTACH_AGENT_IMAGE"];

/// A phase that is not over has at most this share, however complete its steps are.
pub(super) const ALMOST: u8 = 99;

/// One step, from whichever answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    pub(super) id: Option<i64>,
    pub(super) name: String,
    pub(super) percent: Option<u8>,
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) bytes_per_second: Option<u64>,
    pub(super) run: Option<String>,
    pub(super) detail: Option<String>,
}

impl From<&SubTask> for Entry {
    fn from(answer: &SubTask) -> Self {
        Self {
            id: answer.id,
            name: answer.name.as_ref().map(ToString::to_string).unwrap_or_default(),
            percent: answer.progress.map(percent),
            start: answer.start_date,
            end: answer.end_date,
            bytes_per_second: answer.migrate_speed.and_then(bytes_per_second),
            run: answer.user_op.clone().filter(|run| !run.is_empty()),
            detail: answer.process_trace.clone().filter(|detail| !detail.is_empty()),
        }
    }
}

impl From<&SubTaskAssociatedWithTask> for Entry {
    fn from(answer: &SubTaskAssociatedWithTask) -> Self {
        Self {
            id: answer.id,
            name: answer.name.as_ref().map(ToString::to_string).unwrap_or_default(),
            percent: answer.progress.map(percent),
            start: answer.start_date,
            end: answer.end_date,
            detail: answer.process_trace.clone().filter(|detail| !detail.is_empty()),
            ..Self::default()
        }
    }
}

impl Entry {
    /// From the short form `ATTACH_AGENT_IMAGE-90`, which some answers have instead of steps.
    pub(super) fn from_short(text: &str) -> Option<Self> {
        let (name, share) = text.trim().rsplit_once('-')?;
        let share: i32 = share.trim_end_matches('%').parse().ok()?;
        let name = name.trim().to_owned();
        (!name.is_empty()).then(|| Self { name, percent: Some(percent(share)), ..Self::default() })
    }

    fn has_begun(&self) -> bool {
        self.start.is_some() || self.end.is_some() || self.percent.is_some_and(|percent| percent > 0)
    }

    fn is_complete(&self) -> bool {
        self.percent == Some(100)
    }

    fn into_step(self, state: StepState) -> Step {
        Step {
            id: self.id,
            name: self.name,
            state,
            percent: self.percent,
            start_time_ms: self.start,
            end_time_ms: self.end,
            bytes_per_second: self.bytes_per_second,
            detail: self.detail,
        }
    }
}

/// Speed in bytes per second, from the service's Mbit/s.
pub(super) fn bytes_per_second(mbit: f64) -> Option<u64> {
    // Beyond any network, and far from where the conversion would saturate.
    (0.0..1e9).contains(&mbit).then(|| (mbit * 125_000.0).round() as u64)
}

fn percent(number: i32) -> u8 {
    u8::try_from(number.clamp(0, 100)).unwrap_or(100)
}

/// Whether something other than the wait for changes goes on: the last step
/// that began is not over, or is no copy (what follows a copy is copying), or
/// the steps of a later run are listed already.
pub(super) fn at_work(entries: &[Entry]) -> bool {
    let Some(place) = entries.iter().rposition(Entry::has_begun) else {
        return !entries.is_empty();
    };
    let last = &entries[place];
    if entries[place..].iter().any(|entry| entry.run.is_some() && entry.run != last.run) {
        return true;
    }
    let closes_a_copy = copies_data(&last.name) || last.name.starts_with("CHECK_");
    !(last.is_complete() && closes_a_copy)
}

/// The steps with their states, for a task in this state.
fn steps(entries: &[Entry], state: State) -> Vec<Step> {
    let last_begun = entries.iter().rposition(Entry::has_begun);
    let step = |(place, entry): (usize, &Entry)| {
        let over = Some(place) < last_begun;
        let step_state = match state {
            _ if !entry.has_begun() => StepState::Waiting,
            _ if entry.is_complete() && (over || entry.end.is_some()) => StepState::Done,
            _ if over => StepState::Stopped,
            State::Failed => StepState::Failed,
            State::Paused | State::Pausing => StepState::Stopped,
            State::Succeeded => StepState::Done,
            _ => StepState::Running,
        };
        entry.clone().into_step(step_state)
    };
    entries.iter().enumerate().map(step).collect()
}

/// The step a task is at: the last one that has begun and is not over, else
/// the last one that has begun, else the first.
pub(super) fn current(entries: &[Entry], state: State) -> Option<Step> {
    let steps = steps(entries, state);
    let open = |step: &&Step| !matches!(step.state, StepState::Waiting | StepState::Done);
    let begun = |step: &&Step| step.state != StepState::Waiting;
    // An earlier step that was left unfinished is not where the task is now.
    let last = steps.iter().rev().find(begun);
    last.filter(open).or(last).or_else(|| steps.first()).cloned()
}

/// The step that a failed task failed at.
pub(super) fn failed(entries: &[Entry]) -> Option<String> {
    let steps = steps(entries, State::Failed);
    steps.into_iter().rev().find(|step| step.state == StepState::Failed).map(|step| step.name)
}

/// The phases, in the order in which they were asked for. Empty where the
/// answer does not say which step belongs to which.
pub(super) fn phases(entries: &[Entry], state: State) -> Vec<Phase> {
    if entries.iter().all(|entry| entry.run.is_none()) {
        return Vec::new();
    }
    let mut runs: Vec<(String, Vec<Step>)> = Vec::new();
    for (entry, step) in entries.iter().zip(steps(entries, state)) {
        let name = match (&entry.run, runs.last()) {
            (Some(run), _) => run.clone(),
            (None, Some((last, _))) => last.clone(),
            (None, None) => String::new(),
        };
        match runs.iter_mut().find(|(run, _)| *run == name) {
            Some((_, steps)) => steps.push(step),
            None => runs.push((name, vec![step])),
        }
    }
    let last = runs.len() - 1;
    runs.into_iter()
        .enumerate()
        .map(|(place, (name, steps))| phase(name, steps, state, place == last))
        .collect()
}

fn phase(name: String, steps: Vec<Step>, task: State, is_last: bool) -> Phase {
    let (kind, round) = kind(&name);
    let all_done = steps.iter().all(|step| step.state == StepState::Done);
    let state = match task {
        _ if steps.iter().all(|step| step.state == StepState::Waiting) => StepState::Waiting,
        _ if !is_last && all_done => StepState::Done,
        _ if !is_last => StepState::Stopped,
        State::Failed if !all_done => StepState::Failed,
        State::Paused | State::Pausing if !all_done => StepState::Stopped,
        State::Succeeded => StepState::Done,
        State::Failed | State::Paused | State::Syncing if all_done => StepState::Done,
        _ => StepState::Running,
    };
    let percent = match state {
        StepState::Done => Some(100),
        _ => share(kind, &steps).map(|share| share.min(ALMOST)),
    };
    Phase { name, kind, round, state, percent, steps }
}

/// What a name such as `CUTOVER1` stands for.
fn kind(name: &str) -> (PhaseKind, u32) {
    let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let round = name[word.len()..].parse().unwrap_or(0);
    let kind = match word {
        "REPLICATE" => PhaseKind::Replicate,
        "CUTOVER" => PhaseKind::Cutover,
        "RESYNC" => PhaseKind::Resync,
        _ => PhaseKind::Other,
    };
    (kind, round)
}

/// The share of a phase that is not over.
fn share(kind: PhaseKind, steps: &[Step]) -> Option<u8> {
    // A phase that was started again after a failure copies again: the last copy counts.
    match (steps.iter().rev().find(|step| step.copies_data()), kind) {
        (Some(copy), _) => copy.percent,
        (None, PhaseKind::Replicate | PhaseKind::Resync) => Some(0),
        (None, PhaseKind::Cutover) => {
            let sum: usize = steps.iter().filter_map(|step| step.percent).map(usize::from).sum();
            let listed = |start: &str| steps.iter().any(|step| step.name.starts_with(start));
            let to_come = CUTOVER_STEPS.into_iter().filter(|start| !listed(start)).count();
            u8::try_from(sum / (steps.len() + to_come)).ok()
        }
        (None, PhaseKind::Other) => None,
    }
}

#[cfg(test)]
#[path = "phases_tests.rs"]
mod tests;
