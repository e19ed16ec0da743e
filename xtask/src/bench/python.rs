//! The Python package, against the vendor's own and against aiohttp.
//!
//! Same server, same run, in turns. The floor is the Rust program on bare
//! reqwest, as for the calls of the crate.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::calls::{Report, Server, call, placed};
use super::figures::{Figures, ratio};
use super::{Goal, program};
use crate::python::{Profile, environment, wheel};
use crate::tools::{Result, available, output, target};

/// The clients in Python, as `tests/peers/python_calls.py` knows them.
const CLIENTS: [&str; 4] = ["hwmigrate", "hwmigrate-asyncio", "aiohttp", "official"];

/// Name in the table, workload of the programs, and calls of the two that are quick and of the slow one.
const WORKLOADS: [(&str, &str, usize, usize); 3] = [
    ("read one task, call after call", "sequential", 4_000, 400),
    ("read one task, 32 at once", "concurrent", 8_000, 640),
    ("read a page of 100 tasks", "list", 1_000, 60),
];

/// Client and server share a core, so that a hand-over costs all of them the same.
const PLACE: &[&str] = &["taskset", "-c", "0"];

/// The script that makes the calls.
const SCRIPT: &str = "tests/peers/python_calls.py";

/// Measures everything and returns the tables.
pub(super) fn measure(quick: bool, goals: &mut Vec<Goal>) -> Result<String> {
    if !available("taskset", "--version") {
        return Ok("\ntaskset (util-linux) is absent: the Python package was not measured.\n\n".to_owned());
    }
    let folder = target().join("python-bench");
    let wheel = wheel(Profile::Dist, &folder.join("wheels"))?;
    let python =
        environment(&folder.join("environment"), &wheel, Some("tests/peers/python_requirements.txt"))?;
    let mut text = String::new();
    calls(quick, &python, goals, &mut text)?;
    starts(quick, &python, goals, &mut text)?;
    Ok(text)
}

fn calls(quick: bool, python: &Path, goals: &mut Vec<Goal>, text: &mut String) -> Result<()> {
    let (rounds, bare) = (if quick { 3 } else { 9 }, program("bench-bare")?);
    let server = Server::start(PLACE)?;
    write!(
        text,
        "\n## Processor time of a call from Python\n\n\
         Microseconds, median (range) of {rounds} rounds, client and server on one core. `hwmigrate` uses 32 threads\n\
         where 32 calls go on at once, the vendor's client too (huaweicloudsdkoms 3.1.219 with a pool of 32); the\n\
         others are asyncio. A record of a page is looked at, and one field of one record is read.\n\n\
         | call | bare reqwest + serde | hwmigrate | hwmigrate, asyncio | aiohttp | vendor's |\n\
         |---|---|---|---|---|---|\n"
    )?;
    for (name, workload, many, few) in WORKLOADS {
        let divisor = if quick { 4 } else { 1 };
        let mut floor = Figures::default();
        let mut of: [Figures; CLIENTS.len()] = Default::default();
        let mut sockets = Figures::default();
        for _ in 0..rounds {
            let report = call(PLACE, &bare, server.url(), workload, many / divisor)?;
            floor.add(report.number("cpu_ns")? / 1000.0 / (many / divisor) as f64);
            for (client, figures) in CLIENTS.iter().zip(&mut of) {
                let count = if *client == "official" { few } else { many } / divisor;
                let report = run(python, client, workload, count, server.url())?;
                figures.add(report.number("cpu_ns")? / 1000.0 / count as f64);
                if *client == "hwmigrate" {
                    sockets.add(report.number("sockets")?);
                }
            }
        }
        write!(text, "| {name} | {} |", floor.shown())?;
        for figures in &of {
            write!(text, " {}, {} |", figures.shown(), ratio(figures, &floor))?;
        }
        text.push('\n');
        let [ours, ours_async, aiohttp, _] = &of;
        let times = |figures: &Figures| figures.median() / floor.median();
        let bound = match workload {
            "sequential" => 2.5,
            "concurrent" => 4.0,
            _ => 2.0,
        };
        goals.push(Goal {
            what: format!("Python, {name}: to the floor"),
            figure: times(ours),
            bound,
            unit: "×",
        });
        goals.push(Goal {
            what: format!("Python, {name}: asyncio, to aiohttp"),
            figure: ours_async.median() / aiohttp.median(),
            bound: 1.0,
            unit: "×",
        });
        if workload == "concurrent" {
            let what = "Python, 32 threads: connections".to_owned();
            goals.push(Goal { what, figure: sockets.median(), bound: 32.0, unit: "" });
        }
    }
    Ok(())
}

/// Import, construction, memory, and size on disk.
fn starts(quick: bool, python: &Path, goals: &mut Vec<Goal>, text: &mut String) -> Result<()> {
    let rounds = if quick { 3 } else { 15 };
    let clients = ["hwmigrate", "official"];
    let (mut cpu, mut memory): ([Figures; 2], [Figures; 2]) = Default::default();
    for _ in 0..rounds {
        for (number, client) in clients.iter().enumerate() {
            let report = run(python, client, "start", 0, "http://127.0.0.1:9")?;
            cpu[number].add(report.number("cpu_ns")? / 1e6);
            memory[number].add(report.number("resident_kib")? / 1024.0);
        }
    }
    let (mut size, mut alone): ([Figures; 2], [Figures; 2]) = Default::default();
    for (number, client) in clients.iter().enumerate() {
        let report = run(python, client, "size", 0, "none")?;
        let (all, emulator) = (report.number("bytes")?, report.number("emulator_bytes")?);
        size[number].add(all / 1_048_576.0);
        alone[number].add((all - emulator) / 1_048_576.0);
    }
    write!(
        text,
        "\n## A Python program that imports and makes a client\n\n\
         Median (range) of {rounds} rounds, in a process that does nothing else. Installed: what `pip install` leaves\n\
         on disk on both sides, dependencies and the byte code that pip compiles included. The wheel brings the\n\
         emulator along as a native module of its own, which only tests load; the last row leaves it out.\n\n| | hwmigrate | vendor's | ratio |\n|---|---|---|---|\n"
    )?;
    let rows = [
        ("processor time, ms", &cpu, 1.0 / 6.0),
        ("resident memory, MiB", &memory, 0.5),
        ("installed, MiB", &size, 1.0 / 3.0),
        ("installed without the emulator, MiB", &alone, 1.0 / 3.0),
    ];
    for (name, [ours, theirs], bound) in rows {
        writeln!(text, "| {name} | {} | {} | {} |", ours.shown(), theirs.shown(), ratio(ours, theirs))?;
        let figure = ours.median() / theirs.median();
        goals.push(Goal {
            what: format!("Python, start: {name}, to the vendor's"),
            figure,
            bound,
            unit: "×",
        });
    }
    text.push('\n');
    Ok(())
}

fn run(python: &Path, client: &str, workload: &str, count: usize, url: &str) -> Result<Report> {
    let python = text_of(python)?;
    let mut command = placed(PLACE, python, &["-B", SCRIPT, client, workload, &count.to_string(), url]);
    let figures: Value = serde_json::from_str(output(&mut command)?.trim())?;
    Ok(Report::of(figures))
}

fn text_of(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| format!("{} is not UTF-8", PathBuf::from(path).display()).into())
}
