//! The C library against libcurl with cJSON: one call, a cold start, and the size of the library.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;

use super::Goal;
use super::calls::{Server, call};
use super::figures::{Figures, ratio};
use crate::dist_c::install;
use crate::root;
use crate::tools::{Result, command, run, target};

/// What is repeated: its name in the table and on the command line, and how often.
const WORKLOADS: [(&str, &str, usize); 2] =
    [("read one task", "sequential", 20_000), ("read a page of 100 tasks", "list", 2_000)];

/// The bound on the ratio of every workload.
const BOUND: f64 = 1.2;

/// The bound on the size of the shared library, in MB of a million bytes.
const LARGEST: f64 = 6.0;

/// Builds both programs, measures them in turns, and returns the table.
pub(super) fn measure(quick: bool, goals: &mut Vec<Goal>) -> Result<String> {
    let mut text = String::from(
        "\n## The C library\n\n\
         Against libcurl with cJSON, both as the system brings them, with the same token and the same server. Times\n\
         on the processor in microseconds for each call, median (range).\n\n",
    );
    let work = target().join("c/bench");
    let prefix = work.join("prefix");
    install(&prefix, "dist")?;
    let size = std::fs::metadata(prefix.join("lib/libhwmigrate.so"))?.len() as f64 / 1e6;
    goals.push(Goal {
        what: "size of the shared C library".into(),
        figure: size,
        bound: LARGEST,
        unit: " MB",
    });
    writeln!(text, "The shared library has {size:.1} MB, stripped.\n")?;

    let ours = compile(&work, "with_hwmigrate", &prefix)?;
    let Ok(floor) = compile(&work, "with_libcurl", &prefix) else {
        text.push_str("libcurl or cJSON is absent: nothing else was measured.\n");
        return Ok(text);
    };
    let clients = [floor, ours];
    text.push_str("| call | libcurl + cJSON | hwmigrate | ratio |\n|---|---|---|---|\n");
    let rounds = if quick { 3 } else { 11 };
    let server = Server::start(&[])?;
    for (name, workload, count) in WORKLOADS {
        let count = if quick { count / 10 } else { count };
        let mut figures = [Figures::default(), Figures::default()];
        for _ in 0..rounds {
            for (client, figures) in clients.iter().zip(&mut figures) {
                let report = call(&[], client, &server.url, workload, count)?;
                figures.add(report.number("cpu_ns")? / 1000.0 / count as f64);
            }
        }
        let [floor, ours] = &figures;
        writeln!(text, "| {name} | {} | {} | {} |", floor.shown(), ours.shown(), ratio(ours, floor))?;
        goals.push(Goal {
            what: format!("C, {name}: ratio of medians"),
            figure: ours.median() / floor.median(),
            bound: BOUND,
            unit: "×",
        });
    }
    let mut start = [Figures::default(), Figures::default()];
    for _ in 0..rounds * 3 {
        for (client, start) in clients.iter().zip(&mut start) {
            start.add(call(&[], client, &server.url, "one", 1)?.first_answer_ms);
        }
    }
    let [floor, ours] = &start;
    writeln!(
        text,
        "| a new process to its first answer, ms of wall time | {} | {} | {} |\n",
        floor.shown(),
        ours.shown(),
        ratio(ours, floor)
    )?;
    Ok(text)
}

/// One of the two programs in `bindings/c/bench`.
fn compile(work: &Path, name: &str, prefix: &Path) -> Result<String> {
    let sources = root().join("bindings/c/bench");
    let to = work.join(name);
    let mut cc =
        command("cc", &["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O2", "-Wall", "-Wextra", "-pedantic"]);
    cc.arg("-I").arg(prefix.join("include")).arg("-o").arg(&to);
    cc.arg(sources.join(format!("{name}.c"))).arg(sources.join("load.c"));
    if name == "with_libcurl" {
        cc.args(["-lcurl", "-lcjson"]);
    } else {
        let lib = prefix.join("lib");
        cc.arg("-L").arg(&lib).arg("-lhwmigrate").arg(format!("-Wl,-rpath,{}", lib.display()));
    }
    run(cc.stderr(Stdio::inherit()))?;
    Ok(to.into_os_string().into_string().map_err(|path| format!("{path:?} is not UTF-8"))?)
}
