//! `cargo xtask test`: everything there is to check, in the order of what fails cheapest.
//!
//! The first step that fails ends the run; a table then tells what ran, for
//! how long, and what was not reached. `--only` runs the named steps alone.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::tools::{Result, cargo, cargo_deny, command, output, python, run, target};
use crate::{c_test, faces, promises, root};

/// One thing to check.
struct Step {
    name: &'static str,
    what: &'static str,
    run: fn() -> Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "fmt", what: "every file is formatted", run: fmt },
    Step { name: "generated", what: "generated files match the documents", run: generated },
    Step { name: "openapi", what: "a validator accepts the documents", run: openapi },
    Step { name: "deny", what: "licences, sources, and who may name whom", run: deny },
    Step { name: "promises", what: "no foreign TLS, every service compiles alone", run: promises::check },
    Step { name: "clippy", what: "no warning in any target", run: clippy },
    Step { name: "test", what: "unit, integration and documentation tests", run: tests },
    Step { name: "examples", what: "every example runs to its end", run: examples },
    Step { name: "docs", what: "the documentation builds without a warning", run: docs },
    Step { name: "peers", what: "the vendor's own clients complete full tours", run: peers },
    Step { name: "parity", what: "requests are those of the vendor's own clients", run: parity },
    Step {
        name: "python",
        what: "the wheel in an environment of its own: suite, types, stubs, source",
        run: crate::python::prove,
    },
    Step { name: "c", what: "the C library: installed, linked, run, without leaks", run: c },
    Step { name: "faces", what: "Python and C go through the cases of all faces", run: faces::prove },
];

/// Which steps to run.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run these steps only
    #[arg(long, value_name = "STEP", num_args = 1..)]
    only: Vec<String>,
    /// Print the steps and what each is for, and stop
    #[arg(long)]
    list: bool,
}

/// Runs the steps that were asked for, all of them by default.
pub(crate) fn test(Arguments { only, list }: &Arguments) -> Result<()> {
    if *list {
        for step in STEPS {
            println!("{:<10} {}", step.name, step.what);
        }
        return Ok(());
    }
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        return Err(format!("there is no step named {unknown}; `cargo xtask test --list` prints them").into());
    }
    let mut times: Vec<(&Step, Duration)> = Vec::new();
    let mut failure = None;
    let chosen: Vec<_> =
        STEPS.iter().filter(|step| only.is_empty() || only.iter().any(|n| n == step.name)).collect();
    for step in &chosen {
        println!("\n=== {}: {}", step.name, step.what);
        let start = Instant::now();
        let result = (step.run)();
        times.push((step, start.elapsed()));
        if let Err(cause) = result {
            failure = Some(format!("{} failed: {cause}", step.name));
            break;
        }
    }

    println!("\n{:<10} {:>9}  result", "step", "time");
    for (number, step) in chosen.iter().enumerate() {
        let (time, result) = match times.get(number) {
            None => ("-".to_owned(), "not run"),
            Some((_, time)) if failure.is_some() && number + 1 == times.len() => (seconds(*time), "FAILED"),
            Some((_, time)) => (seconds(*time), "passed"),
        };
        println!("{:<10} {time:>9}  {result}", step.name);
    }
    println!("{:<10} {:>9}", "total", seconds(times.iter().map(|(_, time)| *time).sum()));
    failure.map_or(Ok(()), |text| Err(text.into()))
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn fmt() -> Result<()> {
    run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn generated() -> Result<()> {
    run(command(std::env::current_exe()?, &["generate", "--check"]).env("RUST_BACKTRACE", "0"))
}

fn openapi() -> Result<()> {
    let mut validator = command(python()?, &["-m", "openapi_spec_validator"]);
    for file in fs::read_dir(root().join("openapi"))? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            validator.arg(path);
        }
    }
    run(&mut validator)
}

fn clippy() -> Result<()> {
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]))?;
    // Among the others it has all features; alone it is what the wheel holds.
    let alone = ["clippy", "--package", "hwmigrate-python-emulator", "--locked", "--", "--deny", "warnings"];
    run(&mut cargo(&alone))
}

/// Builds tests, examples and the command as `cargo test` does. Any other way of building them selects other
/// features of shared dependencies, and would compile most of those once more.
fn build() -> Result<()> {
    run(&mut cargo(&["test", "--workspace", "--locked", "--no-run"]))
}

/// Tests that start the command find it by `HWMIGRATE_BINARY`; `cargo test` builds it beside them.
fn tests() -> Result<()> {
    run(cargo(&["test", "--workspace", "--locked"]).env("HWMIGRATE_BINARY", binary()))
}

fn examples() -> Result<()> {
    build()?;
    let metadata = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let mut found = 0;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten() {
            if target["kind"][0] == "example" {
                let (package, example) = (text(&package["name"])?, text(&target["name"])?);
                println!("--- {package}: {example}");
                run(&mut command(built(&["examples", example]), &[]))?;
                found += 1;
            }
        }
    }
    if found == 0 { Err("there is no example".into()) } else { Ok(()) }
}

fn text(value: &serde_json::Value) -> Result<&str> {
    value.as_str().ok_or_else(|| format!("cargo metadata has {value} where a name is due").into())
}

fn docs() -> Result<()> {
    run(cargo(&["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "--deny warnings"))
}

fn peers() -> Result<()> {
    build()?;
    run(command(python()?, &["-B", "tests/peers/official_python.py"]).arg(binary()))
}

/// Ignored among the other tests, because it needs the vendor's clients.
fn parity() -> Result<()> {
    run(outside_test("parity")?.arg("--ignored").env("HWMIGRATE_PYTHON", python()?))
}

/// A test program of `tests/`, as `cargo test --workspace` builds it; see [`build`] for why not by its name.
pub(crate) fn outside_test(name: &str) -> Result<Command> {
    let arguments = ["test", "--workspace", "--locked", "--no-run", "--message-format", "json"];
    let messages = output(&mut cargo(&arguments))?;
    for message in messages.lines().filter(|line| line.contains("\"executable\"")) {
        let message: serde_json::Value = serde_json::from_str(message)?;
        if message["target"]["name"] == name && message["target"]["kind"][0] == "test" {
            let mut program = command(text(&message["executable"])?, &[]);
            program.current_dir(root().join("tests"));
            return Ok(program);
        }
    }
    Err(format!("there is no test program named {name}").into())
}

/// With `HWMIGRATE_BINARY` set, that command is the emulator and none is built.
fn c() -> Result<()> {
    if let Some(given) = std::env::var_os("HWMIGRATE_BINARY") {
        return c_test::test(given.as_ref());
    }
    build()?;
    c_test::test(&binary())
}

fn deny() -> Result<()> {
    run(&mut command(cargo_deny()?, &["check", "licenses", "bans", "sources"]))?;
    println!("not checked: advisories, whose database needs the network (`cargo deny check advisories`)");
    Ok(())
}

fn binary() -> PathBuf {
    built(&["hwmigrate"])
}

/// A program below the folder of unoptimised builds.
fn built(place: &[&str]) -> PathBuf {
    let path: PathBuf = std::iter::once("debug").chain(place.iter().copied()).collect();
    target().join(format!("{}{}", path.display(), std::env::consts::EXE_SUFFIX))
}
