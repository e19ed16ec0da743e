//! `cargo xtask bench`: what hwmigrate costs beside what one would use instead.
//!
//! Every figure is a ratio of two programs measured in the same run, in turns
//! (A B A B …), so that a busy machine slows both. Times on the processor are
//! the ones to trust; wall times mostly tell what else the machine was doing.
//! Each part writes its own section of `docs/benchmarks.md`, between two marks.

mod c;
mod calls;
mod copy;
mod figures;
mod python;

use std::fmt::Write as _;
use std::fs;

use crate::root;
use crate::tools::{Result, cargo, command, output, run, target};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Measure with fewer rounds and print the tables without writing them down
    #[arg(long)]
    quick: bool,
    /// Measure these parts only, and leave the sections of the others as they are
    #[arg(long, value_name = "PART", num_args = 1.., value_parser = PARTS.map(|part| part.name))]
    only: Vec<String>,
}

/// A part of the measurements: its section in the table of contents, and what fills it.
struct Part {
    name: &'static str,
    measure: fn(bool, &mut Vec<Goal>) -> Result<String>,
}

const PARTS: [Part; 4] = [
    Part { name: "calls", measure: calls::measure },
    Part { name: "python", measure: python::measure },
    Part { name: "c", measure: c::measure },
    Part { name: "copy", measure: copy::measure },
];

/// One promise: a figure and its bound.
struct Goal {
    what: String,
    figure: f64,
    bound: f64,
    unit: &'static str,
}

const INTRODUCTION: &str = "# Benchmarks

Written by `cargo xtask bench`; measure on your own machine with the same command. `--only` measures single parts.

Both sides of a ratio run in turns within the same run. Read the processor times; wall times on a
shared machine mostly tell what else it was doing. Release builds.
";

/// Builds, measures, prints the tables, and writes them down.
pub(crate) fn bench(arguments: &Arguments) -> Result<()> {
    run(&mut cargo(&["build", "--release", "--locked", "--package", "hwmigrate-tests", "--bins"]))?;
    let file = root().join("docs/benchmarks.md");
    let mut written = fs::read_to_string(&file)?;
    for part in PARTS {
        if !arguments.only.is_empty() && !arguments.only.iter().any(|name| name == part.name) {
            continue;
        }
        let mut goals = Vec::new();
        let mut section = (part.measure)(arguments.quick, &mut goals)?.trim().to_owned();
        section.push_str("\n\n");
        section += &machine()?;
        section += &verdict(&goals)?;
        println!("{section}");
        written = with_section(&written, part.name, &section);
        if !arguments.quick {
            // After each part, since a run takes long and may be cut short.
            fs::write(&file, &written)?;
        }
    }
    Ok(())
}

/// The document with one section exchanged.
fn with_section(document: &str, name: &str, section: &str) -> String {
    let mut text = INTRODUCTION.to_owned();
    for part in PARTS {
        let (begin, end) = (format!("<!-- {} -->", part.name), format!("<!-- /{} -->", part.name));
        let content = if part.name == name {
            section.trim()
        } else {
            let found = document.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
            match found {
                Some((content, _)) => content.trim(),
                None => continue,
            }
        };
        text.push_str(&format!("\n{begin}\n\n{content}\n\n{end}\n"));
    }
    text
}

fn machine() -> Result<String> {
    let compiler = output(&mut command("rustc", &["--version"]))?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let processor = fs::read_to_string("/proc/cpuinfo")?;
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism()?;
    let model = model.trim_start_matches([' ', '\t', ':']);
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    Ok(format!(
        "Measured on {cores} cores of {model}, Linux {}, {}; about {load} runnable processes at the end.\n\n",
        kernel.trim(),
        compiler.trim()
    ))
}

fn verdict(goals: &[Goal]) -> Result<String> {
    if goals.is_empty() {
        return Ok(String::new());
    }
    let mut text = String::from("| goal | bound | measured | |\n|---|---|---|---|\n");
    for goal in goals {
        let met = if goal.figure <= goal.bound { "met" } else { "**missed**" };
        writeln!(
            text,
            "| {} | {:.2}{} | {:.2}{} | {met} |",
            goal.what, goal.bound, goal.unit, goal.figure, goal.unit
        )?;
    }
    Ok(text)
}

/// A program of the release build.
fn program(name: &str) -> Result<String> {
    let path = target().join("release").join(name);
    Ok(path.into_os_string().into_string().map_err(|path| format!("{path:?} is not UTF-8"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_section_is_exchanged_and_the_others_stay() {
        let first = with_section("", "python", "## Python\n\nold\n");
        let both = with_section(&first, "calls", "## Calls");
        assert!(both.find("## Calls") < both.find("## Python"), "{both}");
        let renewed = with_section(&both, "python", "## Python\n\nnew");
        assert!(
            renewed.contains("## Calls") && renewed.contains("new") && !renewed.contains("old"),
            "{renewed}"
        );
        assert_eq!(with_section(&renewed, "python", "## Python\n\nnew"), renewed);
    }
}
