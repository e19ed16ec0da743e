//! The step `c` of `cargo xtask test`: the C library as an outside user meets it.
//!
//! It is installed into a folder of its own, and everything else happens
//! against that folder: both examples' build files with both compilers, shared
//! and static; the examples and the test programs against an emulator; the
//! test programs once more under valgrind and under AddressSanitizer.
//!
//! What a machine has no tools for is left out and said so, except where `CI`
//! is set: there it is a failure.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::c_emulator::Emulator;
use crate::c_header::functions;
use crate::dist_c::{install, soname_version, visible};
use crate::root;
use crate::tools::{Result, available, command, output, run, target};

/// The test programs: every source in `bindings/c/tests` but the shared one.
const SUPPORT: &str = "support.c";

const STRICT_C: [&str; 7] =
    ["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror", "-pedantic", "-pthread"];

/// What AddressSanitizer is told.
const SANITIZE: [&str; 4] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1"];

/// Tools, and what is left out without them.
const TOOLS: [(&str, &str, &str); 6] = [
    ("gcc", "--version", "everything compiled with gcc"),
    ("clang", "--version", "everything compiled with clang, and AddressSanitizer"),
    ("pkg-config", "--version", "the examples' Makefile"),
    ("make", "--version", "the examples' Makefile"),
    ("cmake", "--version", "the examples' CMake project"),
    ("valgrind", "--version", "the test programs under valgrind"),
];

/// Runs it all. `command_line` is the built command, which holds the emulator.
pub(crate) fn test(command_line: &Path) -> Result<()> {
    let missing: Vec<_> = TOOLS.iter().filter(|(tool, argument, _)| !available(tool, argument)).collect();
    for (tool, _, what) in &missing {
        println!("left out, because {tool} is not installed: {what}");
    }
    if !missing.is_empty() && env::var_os("CI").is_some() {
        return Err("under CI every tool must be there; see above".into());
    }
    let has = |tool: &str| missing.iter().all(|(name, ..)| *name != tool);

    let work = target().join("c");
    let prefix = work.join("prefix");
    install(&prefix, "dev")?;
    names(&prefix)?;
    every_function_is_tried()?;

    let place = Place { prefix, work, command_line: command_line.to_owned() };
    let compilers: Vec<_> =
        [("gcc", "g++"), ("clang", "clang++")].into_iter().filter(|(cc, _)| has(cc)).collect();
    if has("pkg-config") && has("make") {
        for (cc, cxx) in &compilers {
            place.makefile(cc, cxx)?;
        }
    }
    if has("cmake") {
        for (cc, cxx) in &compilers {
            place.cmake(cc, cxx)?;
        }
    }
    let Some((first, _)) = compilers.first() else {
        return Ok(());
    };
    let plain = place.test_programs(first, "plain", false, &["-g"])?;
    place.run_tests(&plain, &[], &[])?;
    if has("valgrind") {
        // Not the possible ones: a hash map is held by a pointer into the middle of its block.
        let kinds = ["--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect"];
        let valgrind =
            ["valgrind", "--quiet", "--leak-check=full", kinds[0], kinds[1], "--error-exitcode=99"];
        place.run_tests(&plain, &valgrind, &[("SLOW", "1")])?;
    }
    if has("clang") {
        let sanitized = place.test_programs("clang", "sanitized", true, &SANITIZE)?;
        place.run_tests(
            &sanitized,
            &[],
            &[("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1")],
        )?;
    }
    Ok(())
}

/// The installed library and what is built against it.
struct Place {
    prefix: PathBuf,
    work: PathBuf,
    command_line: PathBuf,
}

impl Place {
    /// Builds the examples with their Makefile, shared and static, and runs them.
    fn makefile(&self, cc: &str, cxx: &str) -> Result<()> {
        for package in ["hwmigrate", "hwmigrate-static"] {
            let out = self.folder(&format!("make-{cc}-{package}"))?;
            let mut make = command("make", &["--silent", "--always-make", "--directory"]);
            make.arg(root().join("bindings/c/examples"))
                .arg(format!("OUT={}", out.display()))
                .args([format!("CC={cc}"), format!("CXX={cxx}"), format!("PACKAGE={package}")])
                .env("PKG_CONFIG_PATH", self.prefix.join("lib/pkgconfig"));
            run(&mut make)?;
            println!("--- examples: {cc}, {package}");
            self.run_examples(&out)?;
        }
        Ok(())
    }

    /// Builds the examples with their CMake project, and runs them.
    fn cmake(&self, cc: &str, cxx: &str) -> Result<()> {
        let out = self.folder(&format!("cmake-{cc}"))?;
        let mut configure = command("cmake", &["-S"]);
        configure
            .arg(root().join("bindings/c/examples"))
            .arg("-B")
            .arg(&out)
            .arg(format!("-DCMAKE_PREFIX_PATH={}", self.prefix.display()))
            .args(["-DCMAKE_C_FLAGS=-Wall -Wextra -Werror -pedantic -D_POSIX_C_SOURCE=200809L"])
            .args(["-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror -pedantic"])
            .args([format!("-DCMAKE_C_COMPILER={cc}"), format!("-DCMAKE_CXX_COMPILER={cxx}")]);
        output(&mut configure)?;
        output(command("cmake", &["--build"]).arg(&out))?;
        println!("--- examples: {cc}, CMake");
        self.run_examples(&out)
    }

    fn run_examples(&self, programs: &Path) -> Result<()> {
        let emulator = Emulator::start(&self.command_line)?;
        let run_one = |name: &str, words: &[&str]| {
            let mut example = command(programs.join(name), words);
            emulator.describe(&mut example);
            run(example.env("LD_LIBRARY_PATH", self.prefix.join("lib")))
        };
        run_one("create_and_wait", &["source", "destination", "photos/"])?;
        run_one("many_tasks", &["source", "destination", "photos/", "films/"])?;
        run_one("groups", &["source", "destination"])?;
        run_one("credentials_callback", &[&emulator.key_file()?])
    }

    /// Compiles the test programs. The header must also be fit for C++, which the examples show.
    fn test_programs(&self, cc: &str, name: &str, statically: bool, flags: &[&str]) -> Result<Vec<PathBuf>> {
        let (sources, out) = (root().join("bindings/c/tests"), self.folder(name)?);
        let mut programs = Vec::new();
        let mut names: Vec<_> =
            fs::read_dir(&sources)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        names.sort();
        for source in names {
            let is_program = source.extension().is_some_and(|extension| extension == "c")
                && source.file_name().is_some_and(|name| name != SUPPORT);
            if !is_program {
                continue;
            }
            let program = out.join(source.file_stem().unwrap_or_default());
            let mut compile = command(cc, &STRICT_C);
            compile.args(flags).arg("-I").arg(self.prefix.join("include")).arg("-o").arg(&program);
            compile.arg(&source).arg(sources.join(SUPPORT));
            if statically {
                compile.arg(self.prefix.join("lib/libhwmigrate.a"));
                compile.args(["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"]);
            } else {
                compile.arg("-L").arg(self.prefix.join("lib")).arg("-lhwmigrate");
            }
            run(&mut compile)?;
            programs.push(program);
        }
        if programs.is_empty() { Err("there is no test program".into()) } else { Ok(programs) }
    }

    /// Runs each test program with an emulator of its own.
    fn run_tests(&self, programs: &[PathBuf], wrapper: &[&str], environment: &[(&str, &str)]) -> Result<()> {
        for program in programs {
            let emulator = Emulator::start(&self.command_line)?;
            let name = program.file_name().unwrap_or_default().to_string_lossy();
            println!("--- {} {name}", wrapper.first().unwrap_or(&""));
            let mut test = match wrapper.split_first() {
                Some((first, rest)) => {
                    let mut wrapped = Command::new(first);
                    wrapped.args(rest).arg(program).current_dir(root());
                    wrapped
                }
                None => command(program, &[]),
            };
            emulator.describe(&mut test);
            test.env("TEST_KEY_FILE", emulator.key_file()?);
            run(test.env("LD_LIBRARY_PATH", self.prefix.join("lib")).envs(environment.iter().copied()))?;
        }
        Ok(())
    }

    /// An empty folder.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.work.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

/// The libraries show what the list says, under the right name, and nothing else.
fn names(prefix: &Path) -> Result<()> {
    let promised: BTreeSet<_> = functions()?.into_iter().collect();
    let version = crate::c_header::version()?;
    for (file, dynamic) in [("lib/libhwmigrate.so", true), ("lib/libhwmigrate.a", false)] {
        let found: BTreeSet<_> = visible(&prefix.join(file), dynamic)?.into_iter().collect();
        let more: Vec<_> = found.difference(&promised).collect();
        let less: Vec<_> = promised.difference(&found).collect();
        if !more.is_empty() || !less.is_empty() {
            return Err(
                format!("{file} does not show what abi.txt lists: also {more:?}, not {less:?}").into()
            );
        }
    }
    let wanted = format!("libhwmigrate.so.{}", soname_version(&version));
    let dynamic = output(command("objdump", &["-p"]).arg(prefix.join("lib/libhwmigrate.so")))?;
    let soname = dynamic.lines().find_map(|line| line.trim().strip_prefix("SONAME"));
    if soname.map(str::trim) != Some(&wanted) {
        return Err(format!("the shared library is named {soname:?}, not {wanted}").into());
    }
    println!("{} functions, and no other names, in the shared and the static library", promised.len());
    Ok(())
}

/// Every function is called with what it must refuse.
fn every_function_is_tried() -> Result<()> {
    let text = fs::read_to_string(root().join("bindings/c/tests/arguments.c"))?;
    let words: BTreeSet<_> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let untried: Vec<_> = functions()?.into_iter().filter(|name| !words.contains(name.as_str())).collect();
    if untried.is_empty() {
        return Ok(());
    }
    Err(format!("bindings/c/tests/arguments.c does not try {}", untried.join(", ")).into())
}
