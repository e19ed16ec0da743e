//! Progress for people, on the error stream.
//!
//! A bar on a terminal; elsewhere plain lines, one for each change of state
//! and otherwise one every ten seconds, so that a log file stays readable.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use hwmigrate::progress::{Progress, State};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock::Stopwatch;
use crate::duration::describe;
use crate::output::bytes;

/// Least time between two plain lines that say the same state.
const PAUSE: Duration = Duration::from_secs(10);
/// Parts that the bar is divided into.
const PARTS: u64 = 10_000;

/// Shows how a job goes on.
pub(crate) struct Meter {
    face: Face,
    shown: Option<(State, bool)>,
    since: Stopwatch,
}

enum Face {
    Bar(ProgressBar),
    Lines,
    Silent,
}

impl Meter {
    /// A meter for the present error stream. `plain` asks for lines even on a terminal.
    pub(crate) fn new(quiet: bool, plain: bool) -> Self {
        let face = if quiet {
            Face::Silent
        } else if plain || !io::stderr().is_terminal() {
            Face::Lines
        } else {
            Face::Bar(bar())
        };
        Self { face, shown: None, since: Stopwatch::start() }
    }

    /// Shows at once that something happens, before there is a look at the job.
    pub(crate) fn begin(&self, text: &str) {
        match &self.face {
            Face::Bar(bar) => bar.set_message(text.to_owned()),
            Face::Lines => write_line(text),
            Face::Silent => {}
        }
    }

    /// Says something that is no look at the job.
    pub(crate) fn note(&self, text: &str) {
        match &self.face {
            Face::Bar(bar) => bar.suspend(|| write_line(text)),
            Face::Lines => write_line(text),
            Face::Silent => {}
        }
    }

    /// Shows one look at the job.
    pub(crate) fn show(&mut self, progress: &Progress) {
        let key = (progress.state, progress.stalled);
        match &self.face {
            Face::Silent => return,
            Face::Bar(bar) => {
                let share = progress.fraction().unwrap_or_default();
                bar.set_position((share * PARTS as f64) as u64);
                bar.set_prefix(format!("{} {}", progress.resource, progress.id));
                bar.set_message(describe_progress(progress));
            }
            Face::Lines => {
                let due = self.shown != Some(key) || self.since.elapsed() >= PAUSE;
                if !due {
                    return;
                }
                let share = progress.fraction().map(|share| format!("{:.0}%, ", share * 100.0));
                write_line(&format!(
                    "{} {}: {}{}",
                    progress.resource,
                    progress.id,
                    share.unwrap_or_default(),
                    describe_progress(progress)
                ));
                self.since = Stopwatch::start();
            }
        }
        self.shown = Some(key);
    }

    /// Ends the showing and leaves the last state on the screen.
    pub(crate) fn finish(&self) {
        if let Face::Bar(bar) = &self.face {
            // A bar that stays would share its line with whatever is written next.
            let last = format!("{}: {}", bar.prefix(), bar.message());
            bar.finish_and_clear();
            if self.shown.is_some() {
                write_line(&last);
            }
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(PARTS), ProgressDrawTarget::stderr_with_hz(8));
    // A template that is wrong would only show in the default style.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} [{bar:20}] {percent:>3}% {wide_msg}")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_millis(125));
    bar
}

fn write_line(text: &str) {
    // Without anybody to tell, the job still goes on.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// One look in words: state, objects, bytes, speed, time left.
pub(crate) fn describe_progress(progress: &Progress) -> String {
    let objects = &progress.objects;
    let mut text = progress.state_text();
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
    text.push_str(&format!(", {}", size(progress.bytes.done)));
    if let Some(total) = progress.bytes.total {
        text.push_str(&format!(" of {}", size(total)));
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

fn size(count: u64) -> String {
    bytes(i64::try_from(count).unwrap_or(i64::MAX))
}
