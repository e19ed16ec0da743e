//! Histories of steps, and the phases they make.
#![allow(clippy::unwrap_used)]

use super::*;

/// Steps as `RUN NAME percent`, with times where they have begun or ended.
fn history(lines: &[&str]) -> Vec<Entry> {
    let entry = |(place, line): (usize, &&str)| {
        let words: Vec<&str> = line.split(' ').collect();
        let percent: u8 = words[2].parse().unwrap();
        let at = place as i64 * 1_000;
        Entry {
            id: Some(place as i64),
            name: words[1].to_owned(),
            percent: Some(percent),
            start: (percent > 0).then_some(at),
            end: (percent == 100).then_some(at + 500),
            run: Some(words[0].to_owned()).filter(|run| run != "-"),
            ..Entry::default()
        }
    };
    lines.iter().enumerate().map(entry).collect()
}

/// Name, state and share of each phase.
fn seen(lines: &[&str], state: State) -> Vec<(String, &'static str, Option<u8>)> {
    let phases = phases(&history(lines), state);
    phases.into_iter().map(|phase| (phase.name, phase.state.as_str(), phase.percent)).collect()
}

fn one(name: &str, state: &'static str, percent: Option<u8>) -> (String, &'static str, Option<u8>) {
    (name.to_owned(), state, percent)
}

const COPIED: [&str; 4] = [
    "REPLICATE SSL_CONFIG 100",
    "REPLICATE ATTACH_AGENT_IMAGE 100",
    "REPLICATE FORMAT_DISK_LINUX_FILE 100",
    "REPLICATE MIGRATE_LINUX_FILE 100",
];

fn after_copy<'a>(more: &[&'a str]) -> Vec<&'a str> {
    COPIED.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn phase_that_copies_is_as_far_as_its_data() {
    let table: [(&[&str], u8); 5] = [
        (&["REPLICATE SSL_CONFIG 50"], 0),
        (&["REPLICATE SSL_CONFIG 100", "REPLICATE ATTACH_AGENT_IMAGE 90"], 0),
        (&["REPLICATE SSL_CONFIG 100", "REPLICATE MIGRATE_LINUX_FILE 41"], 41),
        (&COPIED, 99),
        (&["REPLICATE MIGRATE_LINUX_FILE 100", "REPLICATE CONFIGURE_LINUX_FILE 10"], 99),
    ];
    for (lines, share) in table {
        assert_eq!(seen(lines, State::Running), [one("REPLICATE", "running", Some(share))], "{lines:?}");
    }
    assert_eq!(seen(&COPIED, State::Syncing), [one("REPLICATE", "done", Some(100))]);
}

#[test]
fn each_action_of_a_user_is_a_phase() {
    let lines = after_copy(&[
        "CUTOVER0 CONFIGURE_LINUX_FILE 100",
        "CUTOVER0 DETTACH_AGENT_IMAGE 100",
        "RESYNC0 SSL_CONFIG 100",
        "RESYNC0 SYNC_LINUX_FILE 30",
    ]);
    let phases = phases(&history(&lines), State::Running);
    let kinds: Vec<_> = phases.iter().map(|phase| (phase.kind, phase.round, phase.percent)).collect();
    assert_eq!(
        kinds,
        [
            (PhaseKind::Replicate, 0, Some(100)),
            (PhaseKind::Cutover, 0, Some(100)),
            (PhaseKind::Resync, 0, Some(30))
        ]
    );
    assert_eq!(phases[0].steps.len(), 4);
    assert_eq!(phases[2].current().unwrap().name, "SYNC_LINUX_FILE");
    assert_eq!(kind("RESYNC12"), (PhaseKind::Resync, 12));
}

#[test]
fn cut_over_is_as_far_as_its_steps_with_those_that_will_come() {
    let table: [(&[&str], u8); 6] = [
        (&["CUTOVER0 CHECK_CONSISTENCY 60"], 20),
        (&["CUTOVER0 CHECK_CONSISTENCY 100", "CUTOVER0 CONFIGURE_LINUX_FILE 100"], 66),
        (&["CUTOVER0 CONFIGURE_LINUX_FILE 0"], 0),
        (&["CUTOVER0 CONFIGURE_LINUX_FILE 60"], 30),
        (&["CUTOVER0 CONFIGURE_LINUX_FILE 100"], 50),
        (&["CUTOVER0 CONFIGURE_LINUX_FILE 100", "CUTOVER0 DETTACH_AGENT_IMAGE 90"], 95),
    ];
    for (more, share) in table {
        let last = seen(&after_copy(more), State::Running).pop().unwrap();
        assert_eq!(last.2, Some(share), "{more:?}");
    }
}

#[test]
fn phase_of_an_unknown_name_has_no_share_before_it_is_over() {
    let more = ["DRILL0 SSL_CONFIG 100", "DRILL0 DREAM 20"];
    assert_eq!(seen(&after_copy(&more), State::Running).pop().unwrap(), one("DRILL0", "running", None));
    assert_eq!(seen(&after_copy(&more), State::Succeeded).pop().unwrap(), one("DRILL0", "done", Some(100)));
}

#[test]
fn failure_and_stop_are_told_apart_and_name_the_step() {
    let lines =
        ["REPLICATE SSL_CONFIG 100", "REPLICATE MIGRATE_LINUX_FILE 41", "REPLICATE CONFIGURE_LINUX 0"];
    assert_eq!(seen(&lines, State::Failed), [one("REPLICATE", "failed", Some(41))]);
    assert_eq!(seen(&lines, State::Paused), [one("REPLICATE", "stopped", Some(41))]);
    assert_eq!(failed(&history(&lines)).as_deref(), Some("MIGRATE_LINUX_FILE"));
    assert_eq!(failed(&history(&COPIED)), None, "all steps are complete, so none of them failed");
    let current = current(&history(&lines), State::Failed).unwrap();
    assert_eq!((current.name.as_str(), current.state), ("MIGRATE_LINUX_FILE", StepState::Failed));
}

#[test]
fn copy_that_was_started_again_counts_anew() {
    let lines = [
        "REPLICATE SSL_CONFIG 100",
        "REPLICATE MIGRATE_LINUX_FILE 41",
        "REPLICATE SSL_CONFIG 100",
        "REPLICATE MIGRATE_LINUX_FILE 7",
    ];
    let phases = phases(&history(&lines), State::Running);
    assert_eq!(phases[0].percent, Some(7));
    let states: Vec<_> = phases[0].steps.iter().map(|step| step.state.as_str()).collect();
    assert_eq!(states, ["done", "stopped", "done", "running"]);
}

#[test]
fn steps_listed_ahead_wait_and_are_not_where_the_task_is() {
    let lines =
        ["REPLICATE SSL_CONFIG 20", "REPLICATE ATTACH_AGENT_IMAGE 0", "REPLICATE MIGRATE_LINUX_FILE 0"];
    assert_eq!(current(&history(&lines), State::Running).unwrap().name, "SSL_CONFIG");
    assert_eq!(seen(&lines, State::Running), [one("REPLICATE", "running", Some(0))]);
    let none = ["REPLICATE SSL_CONFIG 0"];
    assert_eq!(seen(&none, State::Ready), [one("REPLICATE", "waiting", Some(0))]);
    assert_eq!(current(&history(&none), State::Ready).unwrap().state, StepState::Waiting);
}

#[test]
fn steps_without_a_run_make_no_phases_and_still_tell_where_the_task_is() {
    let lines = ["- SSL_CONFIG 100", "- MIGRATE_LINUX_FILE 12"];
    assert_eq!(seen(&lines, State::Running), []);
    assert_eq!(current(&history(&lines), State::Running).unwrap().percent, Some(12));
    let mixed = ["REPLICATE SSL_CONFIG 100", "- MIGRATE_LINUX_FILE 12"];
    assert_eq!(seen(&mixed, State::Running), [one("REPLICATE", "running", Some(12))]);
    assert_eq!(seen(&[], State::Running), []);
}

#[test]
fn task_is_at_work_until_its_copy_is_complete() {
    let table: [(&[&str], bool); 7] = [
        (&[], false),
        (&["RESYNC0 SSL_CONFIG 0"], true),
        (&["RESYNC0 SSL_CONFIG 100"], true),
        (&["RESYNC0 SYNC_LINUX_FILE 99"], true),
        (&["RESYNC0 SYNC_LINUX_FILE 100"], false),
        (&["RESYNC0 SYNC_LINUX_FILE 100", "CUTOVER1 CONFIGURE_LINUX_FILE 0"], true),
        (&["CUTOVER0 DETTACH_AGENT_IMAGE 100"], true),
    ];
    for (lines, at) in table {
        assert_eq!(at_work(&history(lines)), at, "{lines:?}");
    }
}

#[test]
fn short_form_is_a_name_and_a_share() {
    let entry = Entry::from_short("ATTACH_AGENT_IMAGE-90").unwrap();
    assert_eq!((entry.name.as_str(), entry.percent), ("ATTACH_AGENT_IMAGE", Some(90)));
    assert_eq!(Entry::from_short("X-250").unwrap().percent, Some(100));
    for text in ["", "-", "MIGRATE", "-90", "A-b"] {
        assert_eq!(Entry::from_short(text), None, "{text:?}");
    }
}

#[test]
fn speed_is_given_in_megabits() {
    let table = [(0.0, Some(0)), (8.0, Some(1_000_000)), (0.5, Some(62_500)), (-1.0, None), (f64::NAN, None)];
    for (mbit, bytes) in table {
        assert_eq!(bytes_per_second(mbit), bytes, "{mbit}");
    }
    assert_eq!(bytes_per_second(f64::INFINITY), None);
}

/// Runs of a task, each step from nothing to complete, as the service would list them.
fn course(dice: &mut fastrand::Rng) -> Vec<Vec<Entry>> {
    let runs: [(&str, &[&str]); 4] = [
        (
            "REPLICATE",
            &["SSL_CONFIG", "ATTACH_AGENT_IMAGE", "FORMAT_DISK_LINUX_BLOCK", "MIGRATE_LINUX_BLOCK"],
        ),
        ("CUTOVER0", &["CHECK_CONSISTENCY", "CONFIGURE_LINUX_BLOCK", "DETTACH_AGENT_IMAGE"]),
        ("RESYNC0", &["SSL_CONFIG", "ATTACH_AGENT_IMAGE", "SYNC_LINUX_BLOCK"]),
        ("CUTOVER1", &["CONFIGURE_LINUX_BLOCK", "DETTACH_AGENT_IMAGE"]),
    ];
    let mut looks = vec![Vec::new()];
    let mut entries: Vec<Entry> = Vec::new();
    for (run, steps) in runs {
        // Some answers list a run's steps ahead, some as they begin.
        let ahead = dice.bool();
        let first = entries.len();
        for (place, name) in steps.iter().enumerate() {
            if !ahead || place == 0 {
                let names = if ahead { steps } else { &steps[place..=place] };
                for name in names {
                    let (id, name, run) = (entries.len() as i64, (*name).to_owned(), Some(run.to_owned()));
                    entries.push(Entry { id: Some(id), name, run, percent: Some(0), ..Entry::default() });
                }
            }
            let at = first + place;
            assert_eq!(entries[at].name, *name);
            entries[at].start = Some(1);
            let mut percent = 0;
            while percent < 100 {
                percent = (percent + dice.u8(1..60)).min(100);
                entries[at].percent = Some(percent);
                entries[at].end = (percent == 100).then_some(2);
                looks.push(entries.clone());
            }
        }
    }
    looks
}

#[test]
fn shares_grow_to_the_end_of_each_phase_and_count_every_step() {
    for seed in 0..200 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut before: Vec<Phase> = Vec::new();
        for entries in course(&mut dice) {
            let mut now = phases(&entries, State::Running);
            assert_eq!(now.iter().map(|phase| phase.steps.len()).sum::<usize>(), entries.len());
            for (place, phase) in now.iter().enumerate() {
                let share = phase.percent.unwrap();
                assert_eq!(share == 100, phase.state == StepState::Done, "seed {seed}: {phase}");
                assert!(place + 1 == now.len() || share == 100, "seed {seed}: {phase} was left behind");
                if let Some(before) = before.get(place) {
                    assert!(Some(share) >= before.percent, "seed {seed}: {before} fell to {phase}");
                }
            }
            let plain = now.clone();
            crate::progress::hold(&mut now, &before);
            assert_eq!(now, plain, "nothing has to be held up when the service counts upwards");
            before = now;
        }
    }
}

#[test]
fn odd_histories_make_odd_phases_and_no_panic() {
    let words = ["", "REPLICATE", "CUTOVER", "RESYNC99999999999", "7", "\u{4e2d}9", "SYNC_LINUX_FILE", "X-"];
    let states =
        [State::Ready, State::Running, State::Syncing, State::Failed, State::Succeeded, State::Unknown];
    let mut dice = fastrand::Rng::with_seed(7);
    for _ in 0..5_000 {
        let mut entry = || Entry {
            id: dice.bool().then(|| dice.i64(..)),
            name: words[dice.usize(..words.len())].to_owned(),
            percent: dice.bool().then(|| dice.u8(..=100)),
            start: dice.bool().then(|| dice.i64(..)),
            end: dice.bool().then(|| dice.i64(..)),
            run: dice.bool().then(|| words[dice.usize(..words.len())].to_owned()),
            ..Entry::default()
        };
        let entries: Vec<Entry> = (0..4).map(|_| entry()).collect();
        for state in states {
            for phase in phases(&entries, state) {
                assert!(phase.percent.is_none_or(|share| share <= 100));
                assert!(!phase.to_string().is_empty() || phase.name.is_empty());
                assert!(
                    phase.steps.iter().all(|step| step.elapsed().is_none() || step.start_time_ms.is_some())
                );
            }
            drop((current(&entries, state), failed(&entries), at_work(&entries)));
        }
    }
}
