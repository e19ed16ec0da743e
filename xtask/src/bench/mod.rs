//! `cargo xtask bench`: what hwmigrate costs beside what one would use instead.
//!
//! Every figure is a ratio of two programs measured in the same run, in turns
//! (A B A B …), so that a busy machine slows both. Times on the processor are
//! the ones to trust; wall times mostly tell what else the machine was doing.
//! The result replaces `docs/benchmarks.md`.

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
    /// Measure with fewer rounds and print the table without writing it down
    #[arg(long)]
    quick: bool,
}

/// One promise of the table: a figure and its bound.
struct Goal {
    what: String,
    figure: f64,
    bound: f64,
    unit: &'static str,
}

/// Builds, measures, prints the table, and writes it down.
pub(crate) fn bench(arguments: &Arguments) -> Result<()> {
    run(&mut cargo(&["build", "--release", "--locked", "--package", "hwmigrate-tests", "--bins"]))?;
    run(&mut cargo(&["build", "--release", "--locked", "--package", "hwmigrate-cli"]))?;

    let mut goals = Vec::new();
    let mut text = introduction()?;
    text += &calls::measure(arguments.quick, &mut goals)?;
    text += &python::measure(arguments.quick, &mut goals)?;
    text += &c::measure(arguments.quick, &mut goals)?;
    text += &copy::measure(arguments.quick)?;
    text += &verdict(&goals)?;

    println!("{text}");
    if !arguments.quick {
        fs::write(root().join("docs/benchmarks.md"), text)?;
    }
    Ok(())
}

fn introduction() -> Result<String> {
    let compiler = output(&mut command("rustc", &["--version"]))?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let processor = fs::read_to_string("/proc/cpuinfo")?;
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism()?;
    let model = model.trim_start_matches([' ', '\t', ':']);
    Ok(format!(
        "# Benchmarks\n\n\
         Written by `cargo xtask bench`; measure on your own machine with the same command.\n\n\
         Machine: {cores} cores of {model}, Linux {}, {}. Release builds.\n\n\
         Both sides of a ratio run in turns within the same run. Read the processor times; wall times on a\n\
         shared machine mostly tell what else it was doing.\n\n",
        kernel.trim(),
        compiler.trim()
    ))
}

fn verdict(goals: &[Goal]) -> Result<String> {
    let mut text = String::from("## Goals\n\n| goal | bound | measured | |\n|---|---|---|---|\n");
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
