//! The emulator's copying, through the whole migration command, against `cp -r` and rclone.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use super::figures::{Figures, ratio};
use super::{Goal, program};
use crate::tools::{Result, available, cargo, command, run, target};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What is copied: its name, how many files, and how large each is.
const SETS: [(&str, usize, usize); 2] = [("2,000 × 16 KiB", 2_000, 16 * KIB), ("4 × 256 MiB", 4, 256 * MIB)];

/// Ticks in a second, as `/proc` counts them on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// Processor and wall times of one program.
#[derive(Default)]
struct Cost {
    cpu: Figures,
    wall: Figures,
}

/// Measures both sets and returns the table.
pub(super) fn measure(quick: bool, _: &mut Vec<Goal>) -> Result<String> {
    run(&mut cargo(&["build", "--release", "--locked", "--package", "hwmigrate-cli"]))?;
    let rounds = if quick { 1 } else { 7 };
    let rclone = available("rclone", "version");
    let mut text = format!(
        "## Copying between two folders\n\n\
         Median (range) of {rounds} rounds into an empty folder, files in the page cache. `hwmigrate` is\n\
         `hwmigrate oms migrate --emulator`: it starts the emulator, logs in, creates the task over HTTP, and\n\
         waits for its end; the emulator checksums what it copies and records every object, so that it can go on\n\
         after a kill. `cp` does none of this.\n\n\
         | files | program | processor time, ms | to cp -r | to rclone | wall time, ms | to cp -r | to rclone |\n\
         |---|---|---|---|---|---|---|---|\n"
    );
    for (name, files, size) in SETS {
        let folder = target().join("bench").join(format!("{files}-{size}"));
        let source = folder.join("source");
        fill(&source, files, size)?;
        let mut costs = [Cost::default(), Cost::default(), Cost::default()];
        for _ in 0..rounds {
            for (number, cost) in costs.iter_mut().enumerate() {
                if number != 1 || rclone {
                    time(number, &source, &folder.join("destination"), cost)?;
                }
            }
        }
        fs::remove_dir_all(&folder)?;
        let [cp, clone, ours] = &costs;
        for (program, cost) in [("cp -r", cp), ("rclone copy", clone), ("hwmigrate", ours)] {
            let to = |of: &Figures, to: &Figures| {
                if to.median().is_nan() { "–".to_owned() } else { ratio(of, to) }
            };
            if !cost.cpu.median().is_nan() {
                writeln!(
                    text,
                    "| {name} | {program} | {} | {} | {} | {} | {} | {} |",
                    cost.cpu.shown(),
                    to(&cost.cpu, &cp.cpu),
                    to(&cost.cpu, &clone.cpu),
                    cost.wall.shown(),
                    to(&cost.wall, &cp.wall),
                    to(&cost.wall, &clone.wall),
                )?;
            }
        }
    }
    if !rclone {
        writeln!(text, "\nrclone is not installed here (Debian package `rclone`) and was skipped.")?;
    }
    text.push('\n');
    Ok(text)
}

/// Files with content that neither repeats nor compresses, the same in every run.
fn fill(folder: &Path, files: usize, size: usize) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut content = vec![0; size];
    for number in 0..files {
        for word in content.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        fs::write(folder.join(format!("{number:04}.bin")), &content)?;
    }
    Ok(())
}

fn time(number: usize, source: &Path, destination: &Path, cost: &mut Cost) -> Result<()> {
    if destination.exists() {
        fs::remove_dir_all(destination)?;
    }
    fs::create_dir(destination)?;
    // What an earlier round wrote must not be flushed at this one's expense.
    run(&mut command("sync", &[]))?;
    let (from, to) = (text(source)?, text(destination)?);
    let mut copy = match number {
        0 => command("cp", &["-r", &format!("{from}/."), to]),
        1 => command("rclone", &["copy", "--quiet", from, to]),
        _ => command(program("hwmigrate")?, &["oms", "migrate", "--emulator", from, to]),
    };
    let (start, before) = (Instant::now(), ticks_of_children()?);
    run(copy.stdout(Stdio::null()).stderr(Stdio::null()))?;
    cost.wall.add(start.elapsed().as_secs_f64() * 1000.0);
    cost.cpu.add((ticks_of_children()? - before) / TICKS * 1000.0);
    if fs::read_dir(destination)?.count() < fs::read_dir(source)?.count() {
        return Err(format!("{copy:?} left files out").into());
    }
    Ok(())
}

/// Processor time of all children that have ended (`cutime` and `cstime`).
fn ticks_of_children() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name in parentheses may hold blanks; behind it `cutime` is field 14 and `cstime` field 15 of the rest.
    let rest = stat.rsplit_once(')').ok_or("unexpected /proc/self/stat")?.1;
    let fields: Vec<f64> =
        rest.split_whitespace().skip(13).take(2).map(str::parse).collect::<std::result::Result<_, _>>()?;
    Ok(fields.iter().sum())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()).into())
}
