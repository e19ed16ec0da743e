//! Progress for people, on the error stream.
//!
//! On a terminal a bar for each job, or for each phase of a job that has
//! phases; elsewhere plain lines, one for each change of state or phase and
//! otherwise one every ten seconds, so that a log file stays readable.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use hwmigrate::progress::{Phase, Progress, Resource, State, StepState};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock::Stopwatch;
use crate::duration::describe;
use crate::output::bytes;
use crate::plain::plain;

/// Least time between two plain lines that say the same of a job.
const PAUSE: Duration = Duration::from_secs(10);
/// Parts that a bar is divided into.
const PARTS: u64 = 10_000;

/// Shows how jobs go on.
pub(crate) struct Meter {
    face: Face,
    /// What people call a job, where that is not its id.
    names: HashMap<String, String>,
}

enum Face {
    Bars(Bars),
    /// What was said of each job, and how long ago.
    Lines(HashMap<String, (Said, Stopwatch)>),
    Silent,
}

/// What a plain line says that is worth a new one: state, standing still, phase.
type Said = (State, bool, usize);

impl Meter {
    /// A meter for the present error stream. `plain` asks for lines even on a terminal.
    pub(crate) fn new(quiet: bool, plain: bool) -> Self {
        let face = if quiet {
            Face::Silent
        } else if plain || !io::stderr().is_terminal() {
            Face::Lines(HashMap::new())
        } else {
            Face::Bars(Bars::new())
        };
        Self { face, names: HashMap::new() }
    }

    /// Calls a job by a name that people know.
    pub(crate) fn call(&mut self, id: &str, name: &str) {
        self.names.insert(id.to_owned(), name.to_owned());
    }

    /// Shows at once that something happens, before there is a look at the job.
    pub(crate) fn begin(&mut self, text: &str) {
        match &mut self.face {
            Face::Bars(bars) => bars.begin(text),
            Face::Lines(_) => write_line(text),
            Face::Silent => {}
        }
    }

    /// Says something that is no look at the job.
    pub(crate) fn note(&self, text: &str) {
        match &self.face {
            Face::Bars(bars) => bars.multi.suspend(|| write_line(text)),
            Face::Lines(_) => write_line(text),
            Face::Silent => {}
        }
    }

    /// Shows one look at a job.
    pub(crate) fn show(&mut self, progress: &Progress) {
        let called = match self.names.get(&progress.id) {
            Some(name) => name.clone(),
            None => format!("{} {}", progress.resource, progress.id),
        };
        match &mut self.face {
            Face::Silent => {}
            Face::Bars(bars) => bars.show(&called, progress),
            Face::Lines(said) => {
                let now = (progress.state, progress.stalled, progress.phases.len());
                let due = said
                    .get(&progress.id)
                    .is_none_or(|(before, since)| *before != now || since.elapsed() >= PAUSE);
                if due {
                    let share = progress.fraction().map(|share| format!("{:.0}%, ", share * 100.0));
                    let share = share.unwrap_or_default();
                    write_line(&format!("{called}: {share}{}", describe_progress(progress, true)));
                    said.insert(progress.id.clone(), (now, Stopwatch::start()));
                }
            }
        }
    }

    /// Ends the showing and leaves the last state of each job on the screen.
    pub(crate) fn finish(&mut self) {
        if let Face::Bars(bars) = &mut self.face {
            bars.finish();
        }
    }
}

/// The bars of all jobs, in the order in which they came.
struct Bars {
    multi: MultiProgress,
    bars: Vec<Bar>,
    first: Option<ProgressBar>,
}

struct Bar {
    job: String,
    phase: Option<String>,
    bar: ProgressBar,
}

impl Bars {
    fn new() -> Self {
        let multi = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        Self { multi, bars: Vec::new(), first: None }
    }

    fn begin(&mut self, text: &str) {
        let bar = self.add(None);
        bar.set_message(text.to_owned());
        self.first = Some(bar);
    }

    fn show(&mut self, called: &str, progress: &Progress) {
        if let Some(first) = self.first.take() {
            self.multi.remove(&first);
        }
        let Some((last, earlier)) = progress.phases.split_last() else {
            // What a list of many jobs tells has no phases; those that were seen before stay.
            let known = self.bars.iter().rev().find(|bar| bar.job == progress.id && bar.phase.is_some());
            let bar = match known {
                Some(known) => known.bar.clone(),
                None => {
                    let bar = self.of(&progress.id, None);
                    bar.set_prefix(plain(called).into_owned());
                    bar
                }
            };
            bar.set_position(position(progress.fraction()));
            bar.set_message(plain(&describe_progress(progress, true)).into_owned());
            return;
        };
        self.bars
            .retain(|bar| bar.job != progress.id || bar.phase.is_some() || !drop_bar(&self.multi, &bar.bar));
        for phase in earlier {
            let bar = self.of(&progress.id, Some(&phase.name));
            bar.set_position(position(share(phase)));
            bar.set_prefix(plain(&format!("{called} {}", phase.name)).into_owned());
            bar.set_message(phase.state.as_str());
            if phase.state != StepState::Running {
                bar.disable_steady_tick();
            }
        }
        let bar = self.of(&progress.id, Some(&last.name));
        bar.set_position(position(progress.fraction()));
        bar.set_prefix(plain(&format!("{called} {}", last.name)).into_owned());
        bar.set_message(plain(&describe_progress(progress, false)).into_owned());
    }

    /// The bar of a job, or of one of its phases; made when it is first asked for.
    fn of(&mut self, job: &str, phase: Option<&str>) -> ProgressBar {
        if let Some(known) = self.bars.iter().find(|bar| bar.job == job && bar.phase.as_deref() == phase) {
            return known.bar.clone();
        }
        // The phases of a job stay together.
        let before = self.bars.iter().rposition(|bar| bar.job == job);
        let bar = self.add(before.map(|place| &self.bars[place].bar));
        self.bars.insert(
            before.map_or(self.bars.len(), |place| place + 1),
            Bar { job: job.to_owned(), phase: phase.map(str::to_owned), bar: bar.clone() },
        );
        bar
    }

    fn add(&self, behind: Option<&ProgressBar>) -> ProgressBar {
        let bar = ProgressBar::new(PARTS);
        let bar = match behind {
            Some(other) => self.multi.insert_after(other, bar),
            None => self.multi.add(bar),
        };
        // A template that is wrong would only show in the default style.
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {prefix:18} [{bar:20}] {percent:>3}% {wide_msg}")
        {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(125));
        bar
    }

    fn finish(&mut self) {
        // A bar that stays would share its line with whatever is written next.
        let lines: Vec<String> =
            self.bars.iter().map(|bar| format!("{}: {}", bar.bar.prefix(), bar.bar.message())).collect();
        let all = self.bars.drain(..).map(|bar| bar.bar).chain(self.first.take());
        all.for_each(|bar| bar.finish_and_clear());
        lines.iter().for_each(|line| write_line(line));
    }
}

/// Takes a bar off the screen; `true`, for use in a filter.
fn drop_bar(multi: &MultiProgress, bar: &ProgressBar) -> bool {
    multi.remove(bar);
    true
}

fn position(share: Option<f64>) -> u64 {
    (share.unwrap_or_default() * PARTS as f64) as u64
}

fn share(phase: &Phase) -> Option<f64> {
    phase.percent.map(|percent| f64::from(percent) / 100.0)
}

fn write_line(text: &str) {
    // Without anybody to tell, the job still goes on.
    let _ = writeln!(io::stderr().lock(), "{}", plain(text));
}

/// One look in words: state, phase if it is wanted, what is moved, speed, time left.
fn describe_progress(progress: &Progress, with_phase: bool) -> String {
    let mut text = progress.state_text();
    if progress.resource == Resource::ServerTask {
        describe_step(progress, with_phase, &mut text);
    } else {
        describe_objects(progress, &mut text);
    }
    if progress.bytes.done > 0 || progress.bytes.total.is_some() || progress.resource != Resource::ServerTask
    {
        text.push_str(&format!(", {}", size(progress.bytes.done)));
        if let Some(total) = progress.bytes.total {
            text.push_str(&format!(" of {}", size(total)));
        }
    }
    if progress.state.is_active() {
        if let Some(speed) = progress.bytes_per_second.filter(|speed| *speed > 0) {
            text.push_str(&format!(", {}/s", size(speed)));
        }
        if let Some(left) = progress.time_left.filter(|left| !left.is_zero()) {
            text.push_str(&format!(", {} left", describe(left)));
        }
    }
    if progress.stalled {
        text.push_str(", nothing moves");
    }
    text
}

fn describe_objects(progress: &Progress, text: &mut String) {
    let objects = &progress.objects;
    text.push_str(&format!(", {}", objects.settled()));
    if let Some(total) = objects.total {
        text.push_str(&format!("/{total}"));
    }
    text.push_str(" objects");
    let mut apart = Vec::new();
    if objects.failed > 0 {
        apart.push(format!("{} failed", objects.failed));
    }
    if objects.skipped > 0 {
        apart.push(format!("{} skipped", objects.skipped));
    }
    if !progress.totals_final && !progress.state.is_settled() && objects.total.is_some() {
        apart.push("still listing".to_owned());
    }
    if !apart.is_empty() {
        text.push_str(&format!(" ({})", apart.join(", ")));
    }
}

fn describe_step(progress: &Progress, with_phase: bool, text: &mut String) {
    if let Some(phase) = progress.phase().filter(|_| with_phase) {
        text.push_str(&format!(", {}", phase.name));
    }
    if let Some(step) = progress.step.as_ref().filter(|step| step.state != StepState::Done) {
        text.push_str(&format!(", {}", step.name));
    }
}

fn size(count: u64) -> String {
    bytes(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use hwmigrate::sms::types::ShowTaskResponse;
    use serde_json::json;

    use super::*;

    #[test]
    fn names_of_others_do_not_steer_the_terminal_of_the_bars() {
        let mut bars = Bars::new();
        for steps in [json!([]), json!([{"id": 1, "name": "S\u{1b}[2J", "progress": 4, "user_op": "P\u{7}"}])]
        {
            let task = json!({"id": "t", "state": "RUN\u{9b}NING", "sub_tasks": steps});
            let task: ShowTaskResponse = serde_json::from_value(task).unwrap();
            bars.show("web\u{1b}]0;owned\u{7}", &Progress::from(&task));
        }
        for bar in &bars.bars {
            let shown = format!("{}{}", bar.bar.prefix(), bar.bar.message());
            assert!(shown.contains("web") && !shown.contains(char::is_control), "{shown:?}");
        }
        assert!(!bars.bars.is_empty());
    }
}
