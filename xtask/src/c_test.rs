//! The step `c` of `cargo xtask test`: the C library as an outside user meets it.
//!
//! It is installed into a folder of its own, and everything else happens
//! against that folder: both examples' build files with both compilers, shared
//! and static; the examples and the test programs against an emulator; the
//! test programs once more under valgrind and under AddressSanitizer. Each of
//! these is a job with an emulator of its own, so that as many run at once as
//! the machine has processors.
//!
//! What a machine has no tools for is left out and said so, except where `CI`
//! is set: there it is a failure.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::at_once::{Job, at_once};
use crate::c_emulator::Emulator;
use crate::c_header::functions;
use crate::dist_c::{install, soname_version, visible};
use crate::root;
use crate::tools::{Result, available, command, output, run, target};

/// What the test programs in C share; every other source in `bindings/c/tests` is a program.
const SUPPORT: &str = "support.c";

const STRICT: [&str; 5] = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-pthread"];
const STRICT_C: [&str; 2] = ["-std=c99", "-D_POSIX_C_SOURCE=200809L"];
/// The header for C++ promises to need neither.
const STRICT_CXX: [&str; 3] = ["-std=c++17", "-fno-exceptions", "-fno-rtti"];

/// What AddressSanitizer is told.
const SANITIZE: [&str; 4] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1"];

/// For C and for C++.
const COMPILERS: [(&str, &str); 2] = [("gcc", "g++"), ("clang", "clang++")];

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
    let compilers: Vec<_> = COMPILERS.into_iter().filter(|(cc, _)| has(cc)).collect();
    let mut jobs: Vec<Job<'_>> = Vec::new();
    if let Some(compilers) = compilers.first() {
        // Under valgrind they take longest, so they begin first.
        let first = place.test_jobs("plain", *compilers, has("valgrind"))?;
        let sanitized =
            if has("clang") { place.test_jobs("sanitized", COMPILERS[1], false)? } else { Vec::new() };
        jobs.extend(first.into_iter().chain(sanitized));
    }
    for (cc, cxx) in compilers {
        let place = &place;
        if has("pkg-config") && has("make") {
            for package in ["hwmigrate", "hwmigrate-static"] {
                jobs.push(Job::new(format!("examples: {cc}, {package}"), move || {
                    place.makefile(cc, cxx, package)
                }));
            }
        }
        if has("cmake") {
            jobs.push(Job::new(format!("examples: {cc}, CMake"), move || place.cmake(cc, cxx)));
        }
    }
    at_once(jobs)
}

/// The installed library and what is built against it.
struct Place {
    prefix: PathBuf,
    work: PathBuf,
    command_line: PathBuf,
}

impl Place {
    /// Builds the examples with their Makefile, and runs them.
    fn makefile(&self, cc: &str, cxx: &str, package: &str) -> Result<()> {
        let out = self.folder(&format!("make-{cc}-{package}"))?;
        let mut make = command("make", &["--silent", "--always-make", "--directory"]);
        make.arg(root().join("bindings/c/examples"))
            .arg(format!("OUT={}", out.display()))
            .args([format!("CC={cc}"), format!("CXX={cxx}"), format!("PACKAGE={package}")])
            .env("PKG_CONFIG_PATH", self.prefix.join("lib/pkgconfig"));
        run(&mut make)?;
        self.run_examples(&out)
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

    /// A job for each test program: it is compiled and run, and run once more under valgrind if so wished.
    fn test_jobs(
        &self,
        name: &'static str,
        compilers: (&'static str, &'static str),
        valgrind: bool,
    ) -> Result<Vec<Job<'_>>> {
        let (sources, out) = (root().join("bindings/c/tests"), self.folder(name)?);
        let mut jobs = Vec::new();
        for entry in fs::read_dir(sources)? {
            let source = entry?.path();
            let is_program = source.extension().is_some_and(|kind| kind == "c" || kind == "cpp")
                && source.file_name().is_some_and(|name| name != SUPPORT);
            if !is_program {
                continue;
            }
            let stem = source.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let program = out.join(&stem);
            jobs.push(Job::new(format!("{stem}, {name}"), move || {
                self.compile(&source, &program, name == "sanitized", compilers)?;
                self.run_test(&program, name == "sanitized")?;
                if valgrind { self.run_under_valgrind(&program) } else { Ok(()) }
            }));
        }
        if jobs.is_empty() { Err("there is no test program".into()) } else { Ok(jobs) }
    }

    /// Compiles a test program. Whoever frees, leaks or reads too far, the sanitizers see it in the shared
    /// library as well: both use the same allocator.
    fn compile(&self, source: &Path, to: &Path, sanitize: bool, (cc, cxx): (&str, &str)) -> Result<()> {
        let mut compile = if source.extension().is_some_and(|kind| kind == "c") {
            let mut compile = command(cc, &STRICT_C);
            compile.arg(source.with_file_name(SUPPORT));
            compile
        } else {
            command(cxx, &STRICT_CXX)
        };
        compile.args(STRICT).arg("-I").arg(self.prefix.join("include")).arg("-o").arg(to).arg(source);
        compile.args(if sanitize { &SANITIZE[..] } else { &["-g"] });
        compile.arg("-L").arg(self.prefix.join("lib")).arg("-lhwmigrate");
        run(&mut compile)
    }

    fn run_test(&self, program: &Path, sanitized: bool) -> Result<()> {
        let options = ("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1");
        self.run_with_emulator(command(program, &[]), sanitized.then_some(options))
    }

    fn run_under_valgrind(&self, program: &Path) -> Result<()> {
        // Not the possible ones: a hash map is held by a pointer into the middle of its block.
        let kinds = ["--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect"];
        let words = ["--quiet", "--leak-check=full", kinds[0], kinds[1], "--error-exitcode=99"];
        let mut valgrind = command("valgrind", &words);
        valgrind.arg(program);
        self.run_with_emulator(valgrind, Some(("SLOW", "1")))
    }

    /// Runs a test program with an emulator of its own.
    fn run_with_emulator(&self, mut test: Command, setting: Option<(&str, &str)>) -> Result<()> {
        let emulator = Emulator::start(&self.command_line)?;
        emulator.describe(&mut test);
        test.env("TEST_KEY_FILE", emulator.key_file()?);
        run(test.env("LD_LIBRARY_PATH", self.prefix.join("lib")).envs(setting))
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
    // What the loader is told besides, among it 8: never unload.
    let flags =
        dynamic.lines().find_map(|line| line.trim().strip_prefix("FLAGS_1")?.trim().strip_prefix("0x"));
    if flags.and_then(|flags| u64::from_str_radix(flags, 16).ok()).is_none_or(|flags| flags & 8 == 0) {
        return Err(format!("the shared library may be unloaded while its threads run: {flags:?}").into());
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
