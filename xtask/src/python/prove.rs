//! Building the wheel, and proving it where a user would: in a virtual environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::root;
use crate::tools::{Result, command, python_with, run, target};

/// What building and proving need.
const REQUIREMENTS: &str = "bindings/python/requirements.txt";

/// Calls of the test of memory, where nobody waits for the others.
const CALLS: &str = "100000";

/// How a wheel is built.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Profile {
    /// Quickly, with the libraries that the other tests have built.
    Dev,
    /// For use.
    Release,
}

/// Builds the wheel, installs it into a fresh environment, and runs every proof.
pub(crate) fn prove() -> Result<()> {
    let folder = target().join("python");
    let wheel = wheel(Profile::Dev, &folder.join("wheels"))?;
    let python = environment(&folder.join("environment"), &wheel, Some(REQUIREMENTS))?;
    let package = root().join("bindings/python");

    println!("--- the stubs are those of the module that was built");
    run(&mut in_package(&python, &["-m", "mypy.stubtest", "hwmigrate._hwmigrate", "--concise"]))?;
    println!("--- two type checkers read the package and the examples");
    run(&mut in_package(&python, &["-m", "mypy", "--package", "hwmigrate"]))?;
    let examples = files(&package.join("examples"))?;
    run(in_package(&python, &["-m", "mypy", "--strict"]).args(&examples))?;
    run(in_package(&python, &["-m", "pyright", "--pythonpath"]).arg(&python).args(&examples))?;
    println!("--- the suite, against the emulator in the wheel");
    run(in_package(&python, &["-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "600"])
        .env("HWMIGRATE_MEMORY_CALLS", std::env::var("HWMIGRATE_MEMORY_CALLS").unwrap_or(CALLS.into())))?;
    println!("--- the source archive installs, too");
    source_archive(&folder)
}

/// Builds a wheel into an empty folder and returns its path.
pub(crate) fn wheel(profile: Profile, folder: &Path) -> Result<PathBuf> {
    let mut build = maturin(&["build", "--locked", "--out"], folder)?;
    if profile == Profile::Release {
        build.args(["--release", "--strip"]);
    }
    run(&mut build)?;
    only(folder, "whl")
}

/// Makes the source archive in an empty folder and returns its path.
pub(crate) fn sdist(folder: &Path) -> Result<PathBuf> {
    run(&mut maturin(&["sdist", "--out"], folder)?)?;
    only(folder, "tar.gz")
}

fn maturin(arguments: &[&str], folder: &Path) -> Result<Command> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let tools = python_with(REQUIREMENTS)?;
    let program = tools.with_file_name(format!("maturin{}", std::env::consts::EXE_SUFFIX));
    let mut command = command(program, arguments);
    command.arg(folder).current_dir(root().join("bindings/python"));
    Ok(command)
}

/// The one file of that kind in a folder.
fn only(folder: &Path, ending: &str) -> Result<PathBuf> {
    let found: Vec<_> =
        files(folder)?.into_iter().filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    match &found[..] {
        [one] => Ok(one.clone()),
        _ => Err(format!("{} holds {} files that end in {ending}", folder.display(), found.len()).into()),
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A new environment with the wheel, and with what a file of requirements names; the interpreter's path.
pub(crate) fn environment(home: &Path, wheel: &Path, requirements: Option<&str>) -> Result<PathBuf> {
    run(command("python3", &["-m", "venv", "--clear"]).arg(home))?;
    let python = home.join("bin/python");
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    if let Some(requirements) = requirements {
        run(command(&python, &install).arg("--requirement").arg(requirements))?;
    }
    run(command(&python, &install).arg("--no-deps").arg(wheel))?;
    Ok(python)
}

/// A Python program that finds the package where it is installed, not where it is written.
fn in_package(python: &Path, arguments: &[&str]) -> Command {
    let mut command = command(python, arguments);
    command.current_dir(root().join("bindings/python")).env_remove("PYTHONPATH");
    command
}

/// Installs the source archive as pip does, and makes one call with it.
fn source_archive(folder: &Path) -> Result<()> {
    let archive = sdist(&folder.join("sdist"))?;
    let home = folder.join("from-source");
    run(command("python3", &["-m", "venv", "--clear"]).arg(&home))?;
    let python = home.join("bin/python");
    // Unoptimised, and beside the other builds, so that most of it is there already.
    run(command(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .arg(&archive)
        .env("MATURIN_PEP517_ARGS", "--profile dev")
        .env("CARGO_TARGET_DIR", target()))?;
    let call = "from hwmigrate.testing import Emulator\n\
                with Emulator() as emulator: assert emulator.client().oms.versions()";
    run(&mut in_package(&python, &["-c", call]))
}
