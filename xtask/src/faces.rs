//! The step `faces`: the cases in `tests/faces/cases.json`, asked of the Python package and of the C library.
//!
//! `cargo test` asks the library and the command; these two have to be built
//! and installed first, and drivers in their own languages speak for them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::dist_c::install;
use crate::python::{Profile, environment, wheel};
use crate::root;
use crate::test::outside_test;
use crate::tools::{Result, available, command, run, target};

/// Goes through the cases with every face that this machine has the tools for.
pub(crate) fn prove() -> Result<()> {
    let folder = target().join("faces");
    fs::create_dir_all(&folder)?;
    let wheel = wheel(Profile::Dev, &folder.join("wheels"))?;
    let python = environment(&folder.join("environment"), &wheel, None)?;
    let mut test = outside_test("faces")?;
    test.arg("--ignored").env("HWMIGRATE_PYTHON", python);
    if available("cc", "--version") {
        let prefix = folder.join("prefix");
        install(&prefix, "dev")?;
        test.env("HWMIGRATE_C_DRIVER", driver(&prefix, &folder)?);
    } else if std::env::var_os("CI").is_some() {
        return Err("under CI there must be a C compiler".into());
    } else {
        println!("left out, because there is no C compiler: the C library");
        test.args(["--skip", "c_library"]);
    }
    run(&mut test)
}

/// Compiles the driver of the C library.
fn driver(prefix: &Path, folder: &Path) -> Result<PathBuf> {
    let (program, lib) = (folder.join("driver"), prefix.join("lib"));
    let mut compile = command("cc", &["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g", "-o"]);
    compile.arg(&program).arg(root().join("tests/faces/driver.c")).arg("-I").arg(prefix.join("include"));
    compile.arg("-L").arg(&lib).arg("-lhwmigrate").arg(format!("-Wl,-rpath,{}", lib.display()));
    run(&mut compile)?;
    Ok(program)
}
