//! One call, from building the request to the decoded answer, against bare reqwest and serde.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::figures::{Figures, ratio};
use super::{Goal, program};
use crate::tools::{Result, available, command};

/// What is repeated: its name in the table and on the command line, how often, and the bound on the ratio.
const WORKLOADS: [(&str, &str, usize, f64); 3] = [
    ("read one task, call after call", "sequential", 20_000, 1.25),
    ("read one task, 32 calls at once", "concurrent", 32_000, 1.25),
    ("read a page of 100 tasks", "list", 2_000, 1.1),
];

/// Where client and server run: the name in the table, and the prefix of the commands.
const PLACES: [(&str, &[&str]); 2] = [("same core", &["taskset", "-c", "0"]), ("any core", &[])];

/// glibc hands memory at the top of its heap back to the kernel, and it depends on chance (what
/// happens to lie above) whether a program does so after every page of a list. Neither client does.
const KEEP_MEMORY: [(&str, &str); 2] =
    [("MALLOC_TRIM_THRESHOLD_", "16777216"), ("MALLOC_MMAP_THRESHOLD_", "16777216")];

/// The server, which ends when its standard input does.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
}

impl Server {
    pub(super) fn start(place: &[&str]) -> Result<Self> {
        let mut child = placed(place, &program("bench-server")?, &[])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().ok_or("the server has no output")?).read_line(&mut url)?;
        Ok(Self { child, url: url.trim().to_owned() })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// What one run of a client reports, and the time until its first answer.
pub(super) struct Report {
    figures: Value,
    pub(super) first_answer_ms: f64,
}

impl Report {
    /// Figures alone.
    pub(super) fn of(figures: Value) -> Self {
        Self { figures, first_answer_ms: f64::NAN }
    }

    pub(super) fn number(&self, name: &str) -> Result<f64> {
        self.figures[name].as_f64().ok_or_else(|| format!("the client reports no {name}").into())
    }
}

/// Measures all workloads and returns the tables.
pub(super) fn measure(quick: bool, goals: &mut Vec<Goal>) -> Result<String> {
    let rounds = if quick { 3 } else { 11 };
    let clients = [program("bench-bare")?, program("bench-hwmigrate")?];
    let mut text = format!(
        "## Processor time of the client for each call\n\n\
         Microseconds in user and kernel mode, median (range) of {rounds} rounds. The floor is bare reqwest with\n\
         serde, the same fields and a token of 1,500 characters, against the same HTTP/1.1 server on loopback.\n\
         Both run with glibc told to keep freed memory, since giving it back costs as much as a quarter of a page\n\
         and happens by chance of layout.\n\n\
         | call | client and server on | bare reqwest + serde | hwmigrate | ratio |\n|---|---|---|---|---|\n"
    );
    for (place, prefix) in PLACES {
        if !prefix.is_empty() && !available("taskset", "--version") {
            writeln!(text, "\ntaskset (util-linux) is absent: nothing was measured on the {place}.\n")?;
            continue;
        }
        let server = Server::start(prefix)?;
        for (name, workload, count, bound) in WORKLOADS {
            let count = if quick { count / 10 } else { count };
            let mut figures = [Figures::default(), Figures::default()];
            for _ in 0..rounds {
                for (client, figures) in clients.iter().zip(&mut figures) {
                    let report = call(prefix, client, &server.url, workload, count)?;
                    figures.add(report.number("cpu_ns")? / 1000.0 / count as f64);
                }
            }
            let [bare, ours] = &figures;
            writeln!(
                text,
                "| {name} | {place} | {} | {} | {} |",
                bare.shown(),
                ours.shown(),
                ratio(ours, bare)
            )?;
            goals.push(Goal {
                what: format!("{name}, {place}: ratio of medians"),
                figure: ours.median() / bare.median(),
                bound,
                unit: "×",
            });
        }
    }
    text += &fresh(quick, &clients, goals)?;
    Ok(text)
}

/// A new process that makes one call and ends.
fn fresh(quick: bool, clients: &[String; 2], goals: &mut Vec<Goal>) -> Result<String> {
    let rounds = if quick { 5 } else { 41 };
    let server = Server::start(&[])?;
    let (mut start, mut cpu, mut memory): ([Figures; 2], [Figures; 2], [Figures; 2]) = Default::default();
    for _ in 0..rounds {
        for (number, client) in clients.iter().enumerate() {
            let report = call(&[], client, &server.url, "one", 1)?;
            start[number].add(report.first_answer_ms);
            cpu[number].add(report.number("process_cpu_ns")? / 1e6);
            memory[number].add(report.number("peak_kib")? / 1024.0);
        }
    }
    let mut text = format!(
        "\n## A new process that makes one call\n\n\
         Median (range) of {rounds} rounds, from the start of the process to its first answer.\n\n\
         | | bare reqwest + serde | hwmigrate | ratio |\n|---|---|---|---|\n"
    );
    for (name, [bare, ours]) in
        [("wall time, ms", &start), ("processor time, ms", &cpu), ("peak memory (VmHWM), MiB", &memory)]
    {
        writeln!(text, "| {name} | {} | {} | {} |", bare.shown(), ours.shown(), ratio(ours, bare))?;
    }
    text.push('\n');
    goals.push(Goal {
        what: "start to first answer: ratio of medians".to_owned(),
        figure: start[1].median() / start[0].median(),
        bound: 1.5,
        unit: "×",
    });
    goals.push(Goal {
        what: "memory of one call: median".to_owned(),
        figure: memory[1].median(),
        bound: 8.0,
        unit: " MiB",
    });
    Ok(text)
}

pub(super) fn call(place: &[&str], client: &str, url: &str, workload: &str, count: usize) -> Result<Report> {
    let start = Instant::now();
    let mut child = placed(place, client, &[url, workload, &count.to_string()])
        .env_clear()
        .envs(KEEP_MEMORY)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut output = child.stdout.take().ok_or("the client has no output")?;
    let mut first = [0];
    let answered = output.read_exact(&mut first);
    let first_answer_ms = start.elapsed().as_secs_f64() * 1000.0;
    let mut rest = String::new();
    output.read_to_string(&mut rest)?;
    let status = child.wait()?;
    if answered.is_err() || !status.success() {
        return Err(format!("{client} {workload} ended with {status}").into());
    }
    Ok(Report { figures: serde_json::from_str(&format!("{}{rest}", char::from(first[0])))?, first_answer_ms })
}

pub(super) fn placed(place: &[&str], program: &str, arguments: &[&str]) -> Command {
    let mut words = place.iter().copied().chain([program]).chain(arguments.iter().copied());
    let first = words.next().unwrap_or(program);
    command(first, &words.collect::<Vec<_>>())
}
