//! Building the wheel, and proving it where a user would: in a virtual environment of its own.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::root;
use crate::tools::{Result, command, python_with, run, target};

/// What building and proving need.
const REQUIREMENTS: &str = "bindings/python/requirements.txt";

/// Calls of the test of memory.
const CALLS: &str = "100000";
const MEMORY: &str = "tests/test_memory.py";

const PYTEST: &[&str] = &["-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "600"];

/// How a wheel is built.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Profile {
    /// Quickly, with the libraries that the other tests have built.
    Dev,
    /// For use: as small as it gets.
    Dist,
}

/// Builds the wheel, installs it into a fresh environment, and runs every proof.
pub(crate) fn prove() -> Result<()> {
    let folder = target().join("python");
    let wheel = wheel(Profile::Dev, &folder.join("wheels"))?;
    let python = environment(&folder.join("environment"), &wheel, Some(REQUIREMENTS))?;
    // The longest of all, and one process waits for another most of the time: it runs beside the others.
    let mut memory = in_package(&python, PYTEST);
    let calls = std::env::var("HWMIGRATE_MEMORY_CALLS").unwrap_or(CALLS.into());
    memory.arg(MEMORY).env("HWMIGRATE_MEMORY_CALLS", &calls).stdout(Stdio::piped()).stderr(Stdio::piped());
    let memory = memory.spawn()?;
    let others = without_memory(&folder, &python);
    println!("--- memory over {calls} calls");
    let memory = memory.wait_with_output()?;
    print!("{}{}", String::from_utf8_lossy(&memory.stdout), String::from_utf8_lossy(&memory.stderr));
    others?;
    if memory.status.success() { Ok(()) } else { Err("memory grows with the number of calls".into()) }
}

fn without_memory(folder: &Path, python: &Path) -> Result<()> {
    let package = root().join("bindings/python");
    println!("--- the stubs are those of the modules that were built");
    let modules = ["-m", "mypy.stubtest", "hwmigrate._hwmigrate", "hwmigrate._emulator", "--concise"];
    run(&mut in_package(python, &modules))?;
    println!("--- two type checkers read the package and the examples");
    run(&mut in_package(python, &["-m", "mypy", "--package", "hwmigrate"]))?;
    let examples = files(&package.join("examples"))?;
    run(in_package(python, &["-m", "mypy", "--strict"]).args(&examples))?;
    run(in_package(python, &["-m", "pyright", "--pythonpath"]).arg(python).args(&examples))?;
    println!("--- the suite, against the emulator in the wheel");
    run(in_package(python, PYTEST).args(["--ignore", MEMORY]))?;
    println!("--- the source archive installs, too");
    source_archive(folder)
}

/// Builds a wheel into an empty folder and returns its path.
pub(crate) fn wheel(profile: Profile, folder: &Path) -> Result<PathBuf> {
    let profile = match profile {
        Profile::Dev => "dev",
        Profile::Dist => "dist",
    };
    let tools = python_with(REQUIREMENTS)?;
    run(in_package(&tools, &["build_backend.py"])
        .env("PATH", tools_first(&tools)?)
        .env("MATURIN_PEP517_ARGS", format!("--locked --profile {profile}")))?;
    run(&mut maturin(&["build", "--locked", "--profile", profile, "--out"], folder)?)?;
    only(folder, "whl")
}

/// Makes the source archive in an empty folder and returns its path.
pub(crate) fn sdist(folder: &Path) -> Result<PathBuf> {
    run(&mut maturin(&["sdist", "--out"], folder)?)?;
    only(folder, "tar.gz")
}

fn maturin(arguments: &[&str], folder: &Path) -> Result<Command> {
    empty(folder)?;
    let tools = python_with(REQUIREMENTS)?;
    let program = tools.with_file_name(format!("maturin{}", std::env::consts::EXE_SUFFIX));
    let mut command = command(program, arguments);
    command.arg(folder).current_dir(root().join("bindings/python"));
    Ok(command)
}

/// The search path with the tools' own programs before all others.
fn tools_first(tools: &Path) -> Result<OsString> {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let own = tools.parent().map(Path::to_path_buf);
    Ok(std::env::join_paths(own.into_iter().chain(std::env::split_paths(&rest)))?)
}

fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
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
    let fresh = folder.join("unpacked-now");
    empty(&fresh)?;
    run(command("python3", &["-m", "tarfile", "-e"]).arg(&archive).arg(&fresh))?;
    // Always in the same place, and touched only where it differs, so that Cargo knows what it has built before.
    let unpacked = folder.join("unpacked");
    renew(&fresh, &unpacked)?;
    let packages: Vec<_> = fs::read_dir(&unpacked)?.collect::<std::io::Result<_>>()?;
    let [package] = &packages[..] else { return Err("the source archive is not one folder".into()) };
    let home = folder.join("from-source");
    run(command("python3", &["-m", "venv", "--clear"]).arg(&home))?;
    let python = home.join("bin/python");
    // Unoptimised. Not among the other builds: Cargo tells crates of two workspaces apart by their places within
    // them, so it would take what it built of this copy for what it built of the repository.
    run(command(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .arg(package.path())
        .env("MATURIN_PEP517_ARGS", "--profile dev")
        .env("CARGO_TARGET_DIR", folder.join("source-build")))?;
    let call = "from hwmigrate.testing import Emulator\n\
                with Emulator() as emulator: assert emulator.client().oms.versions()";
    run(&mut in_package(&python, &["-c", call]))
}

/// Makes a folder equal to another one; what is equal already keeps its time.
fn renew(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let old = entry?;
        if !from.join(old.file_name()).exists() {
            if old.path().is_dir() { fs::remove_dir_all(old.path())? } else { fs::remove_file(old.path())? }
        }
    }
    for entry in fs::read_dir(from)? {
        let new = entry?.path();
        let old = to.join(new.file_name().unwrap_or_default());
        if new.is_dir() {
            renew(&new, &old)?;
        } else if !old.is_file() || fs::read(&new)? != fs::read(&old)? {
            // A copy of the text and not of the file: its time is that of now.
            fs::write(&old, fs::read(&new)?)?;
        }
    }
    Ok(())
}
