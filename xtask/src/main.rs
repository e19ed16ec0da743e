//! One entry for everything that is derived, checked or measured: `cargo xtask <command>`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod at_once;
mod bench;
mod c_emulator;
mod c_header;
mod c_test;
mod dist;
mod dist_c;
mod faces;
mod generate;
mod promises;
mod python;
mod test;
mod tools;

/// What an xtask command returns: nothing, or a text for people.
type Outcome = Result<(), Box<dyn std::error::Error>>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Derives, checks and measures what the repository holds")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Derives the generated code from the documents in `openapi/`
    Generate(generate::Arguments),
    /// Checks everything there is
    Test(test::Arguments),
    /// Builds what is given to users: the Python package, and the C library as it is installed
    Dist(dist::Arguments),
    /// Measures hwmigrate against what one would use instead, and writes docs/benchmarks.md
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Test(arguments) => test::test(&arguments),
        Command::Dist(arguments) => dist::dist(&arguments),
        Command::Bench(arguments) => bench::bench(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}
