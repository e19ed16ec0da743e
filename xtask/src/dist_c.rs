//! The C library as it is installed: for `cargo xtask dist`, tests and measurements.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::c_header::version;
use crate::root;
use crate::tools::{Result, cargo, command, output, run, target};

/// What the Rust parts need of the system, as `rustc --print native-static-libs` says for Linux.
const SYSTEM_LIBRARIES: [&str; 7] = ["gcc_s", "util", "rt", "pthread", "m", "dl", "c"];

/// Builds with a profile and lays everything out below `prefix`.
pub(crate) fn install(prefix: &Path, profile: &str) -> Result<()> {
    run(&mut cargo(&["build", "--locked", "--package", "hwmigrate-c", "--profile", profile]))?;
    let built = target().join(if profile == "dev" { "debug" } else { profile });
    let (version, lib) = (version()?, prefix.join("lib"));
    let (include, pkgconfig, cmake) =
        (prefix.join("include"), lib.join("pkgconfig"), lib.join("cmake/hwmigrate"));
    for folder in [&include, &pkgconfig, &cmake] {
        fs::create_dir_all(folder)?;
    }

    let full = format!("libhwmigrate.so.{version}");
    let soname = format!("libhwmigrate.so.{}", soname_version(&version));
    replace(&lib.join(&full), |place| {
        fs::copy(built.join("libhwmigrate_c.so"), place)?;
        // Cargo does not strip a package whose profile has a setting of its own, as this one has.
        if profile == "dev" { Ok(()) } else { run(command("strip", &["--strip-unneeded"]).arg(place)) }
    })?;
    replace(&lib.join(&soname), |place| Ok(symlink(&full, place)?))?;
    replace(&lib.join("libhwmigrate.so"), |place| Ok(symlink(&soname, place)?))?;
    replace(&lib.join("libhwmigrate.a"), |place| {
        archive(&built.join("libhwmigrate_c.a"), place, &built.join("hwmigrate-static"))
    })?;

    let sources = root().join("bindings/c");
    for header in ["hwmigrate.h", "hwmigrate.hpp"] {
        fs::copy(sources.join("include").join(header), include.join(header))?;
    }
    let texts = [
        (&pkgconfig, "hwmigrate.pc"),
        (&pkgconfig, "hwmigrate-static.pc"),
        (&cmake, "hwmigrate-config.cmake"),
        (&cmake, "hwmigrate-config-version.cmake"),
    ];
    for (folder, name) in texts {
        let (prefix, separator) = if name.ends_with(".pc") { ("-l", " ") } else { ("", ";") };
        let system = SYSTEM_LIBRARIES.map(|library| format!("{prefix}{library}")).join(separator);
        let text = fs::read_to_string(sources.join("package").join(name))?
            .replace("@VERSION@", &version)
            .replace("@SONAME_VERSION@", &soname_version(&version))
            .replace("@SYSTEM_LIBRARIES@", &system);
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// The part of the version that stands for one interface: before 1.0 the minor version belongs to it.
pub(crate) fn soname_version(version: &str) -> String {
    let mut parts = version.split('.');
    match (parts.next().unwrap_or_default(), parts.next().unwrap_or_default()) {
        ("0", minor) => format!("0.{minor}"),
        (major, _) => major.to_owned(),
    }
}

/// Makes a file anew, so that a program that runs with the old one is not disturbed.
fn replace(place: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if fs::symlink_metadata(place).is_ok() {
        fs::remove_file(place)?;
    }
    make(place)
}

/// The static library as one object in which only `hwm_` names are visible: the names of the Rust runtime
/// and of the TLS library must not meet those of the program. Without what a debugger would read, which is
/// most of it, and slows down every program that is linked.
fn archive(from: &Path, to: &Path, work: &Path) -> Result<()> {
    fs::create_dir_all(work)?;
    let object = work.join("hwmigrate.o");
    let words: [&OsStr; 7] = [
        "-r".as_ref(),
        "--strip-debug".as_ref(),
        "-o".as_ref(),
        object.as_ref(),
        "--whole-archive".as_ref(),
        from.as_ref(),
        "--no-whole-archive".as_ref(),
    ];
    run(command("ld", &[]).args(words))?;
    // The standard library brings bitcode along, which only a linker of the very same LLVM can read.
    let bitcode = ["--remove-section", ".llvmbc", "--remove-section", ".llvmcmd"];
    let mut hide = command("objcopy", &bitcode);
    hide.args(["--wildcard", "--keep-global-symbol", "hwm_*"]);
    run(hide.arg(&object))?;
    run(command("ar", &["rcs"]).arg(to).arg(&object))
}

/// The names that a library shows to others.
pub(crate) fn visible(library: &Path, dynamic: bool) -> Result<Vec<String>> {
    let mut nm = command("nm", &["--extern-only", "--defined-only", "--format=posix"]);
    if dynamic {
        nm.arg("--dynamic");
    }
    let text = output(nm.arg(library))?;
    let names = text.lines().filter(|line| !line.ends_with(':'));
    Ok(names
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .filter(|name| !name.is_empty())
        .collect())
}
