//! The C header and the list of what it promises, from the sources of `bindings/c`.
//!
//! cbindgen runs as a library of a pinned version, so the text does not depend
//! on what a developer has installed. The list (`abi.txt`) holds the same
//! without words: a line for each constant, type and function. A change of it
//! is a change of the interface.

use std::fs;
use std::path::PathBuf;

use cbindgen::{Builder, Config, DocumentationStyle, ExportConfig, Language, Style};

use crate::root;
use crate::tools::Result;

/// The sources, in the order in which the header presents them.
const SOURCES: [&str; 21] = [
    "result.rs",
    "error.rs",
    "version.rs",
    "memory.rs",
    "callback.rs",
    "log.rs",
    "cancel.rs",
    "credentials.rs",
    "config.rs",
    "client.rs",
    "value.rs",
    "request.rs",
    "list.rs",
    "progress.rs",
    "wait.rs",
    "fleet.rs",
    "tasks.rs",
    "groups.rs",
    "sync_tasks.rs",
    "servers.rs",
    "call.rs",
];

/// What stands at the top of the header.
const TOP: &str = "/* hwmigrate.h: object and server migration to Huawei Cloud.
 *
 * Made from the sources of bindings/c by `cargo xtask generate`; not to be edited.
 *
 * In short (bindings/c/README.md has the rest):
 *
 * - Functions return an hwm_result; HWM_OK is 0. With `error` not NULL, a failure puts an object there,
 *   which is freed with hwm_error_free. Outputs are written only on success, and checked before anything
 *   is sent. HWM_END, HWM_PAUSED and HWM_OVERTAKEN are no errors.
 * - Every function that returns a result may give HWM_ARGUMENT and HWM_PANIC. Those that send, and they only,
 *   give the kinds from HWM_API to HWM_AMBIGUOUS, HWM_CANCELLED, HWM_IN_CALLBACK and HWM_FORKED; a request
 *   that does not fit its operation is HWM_INVALID before anything is sent.
 * - Handles are freed once, by the _free of their type, which takes NULL and does no I/O. What was made
 *   from a handle may outlive it. After its _free a handle must not be used.
 * - Parameters are read until the function returns, and copied where they are kept.
 * - const char * parameters are UTF-8 with a NUL at the end. Where a ..._length follows, they are buffers
 *   of that many bytes. NULL is refused with HWM_ARGUMENT unless the function says what it means.
 * - const char * answers live as long as the handle they came from; char * outputs are freed with
 *   hwm_string_free. Absent means NULL, for numbers -1 or what the function says.
 * - Every handle may be used by several threads at once. hwm_list, hwm_wait and hwm_fleet go step by
 *   step: the second of two simultaneous callers gets HWM_BUSY. _free needs all other uses to be over.
 * - Times are milliseconds, points in time milliseconds since 1970 (UTC), sizes bytes.
 * - Secrets are copied, never shown, and overwritten when freed.
 * - No exception, abort or signal reaches the caller; nothing is written to standard output or error.
 *   Callbacks must return: neither an exception nor longjmp may leave them. They may free any handle, also
 *   those that the function works with which called them. errno may change in every call.
 */";

/// The header and the list, by the files they belong in.
pub(crate) fn files() -> Result<Vec<(PathBuf, String)>> {
    let folder = root().join("bindings/c");
    Ok(vec![(folder.join("include/hwmigrate.h"), header()?), (folder.join("abi.txt"), list()?)])
}

/// The names of the functions of the list.
pub(crate) fn functions() -> Result<Vec<String>> {
    let list = fs::read_to_string(root().join("bindings/c/abi.txt"))?;
    let names = list.lines().filter_map(|line| {
        let name = line.split('(').next()?.rsplit([' ', '*']).next()?;
        (line.ends_with(");") && !line.starts_with("typedef") && name.starts_with("hwm_"))
            .then(|| name.to_owned())
    });
    Ok(names.collect())
}

fn header() -> Result<String> {
    let version = version()?;
    let mut parts = version.split(['.', '-', '+']);
    let mut part = || parts.next().unwrap_or("0");
    let (major, minor, patch) = (part(), part(), part());
    let macros = format!(
        "\n/** The version of this header; see hwm_version_check. */\n\
         #define HWM_VERSION_MAJOR {major}\n#define HWM_VERSION_MINOR {minor}\n#define HWM_VERSION_PATCH {patch}\n\
         #define HWM_VERSION \"{version}\""
    );
    let text = generate(Config {
        header: Some(TOP.to_owned()),
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"].map(str::to_owned).into(),
        no_includes: true,
        include_guard: Some("HWMIGRATE_H".to_owned()),
        after_includes: Some(macros),
        documentation: true,
        ..shape()
    })?;
    Ok(on_one_line(&text))
}

/// Puts comments of one line on one line.
fn on_one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut joined = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
        let words = lines.get(at + 1).and_then(|line| line.trim_start().strip_prefix("* "));
        let ends = lines.get(at + 2).is_some_and(|line| line.trim() == "*/");
        match (rest, words, ends) {
            ("/**", Some(words), true) => {
                joined.push_str(&format!("{indent}/** {words} */\n"));
                at += 3;
            }
            _ => {
                joined.push_str(line);
                joined.push('\n');
                at += 1;
            }
        }
    }
    joined
}

fn list() -> Result<String> {
    let bare = generate(Config { documentation: false, no_includes: true, line_length: 2000, ..shape() })?;
    // Guards and blank lines are not part of the interface.
    let lines = bare
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#') && *line != "extern \"C\" {");
    let mut text = String::new();
    for line in lines.filter(|line| !line.starts_with('}') || line.len() > 1) {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    Ok(text)
}

fn shape() -> Config {
    Config {
        language: Language::C,
        cpp_compat: true,
        style: Style::Type,
        documentation_style: DocumentationStyle::Doxy,
        line_length: 100,
        tab_width: 4,
        usize_is_size_t: true,
        // Functions take any number and check it, so no signature names these.
        export: ExportConfig {
            include: vec!["hwm_until".to_owned(), "hwm_goal".to_owned()],
            ..ExportConfig::default()
        },
        ..Config::default()
    }
}

fn generate(config: Config) -> Result<String> {
    let folder = root().join("bindings/c/src");
    let mut builder = Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(folder.join(source));
    }
    let mut text = Vec::new();
    builder.generate()?.write(&mut text);
    Ok(String::from_utf8(text)?)
}

/// The version in the workspace's manifest.
pub(crate) fn version() -> Result<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let package = manifest.split("[workspace.package]").nth(1).ok_or("no [workspace.package]")?;
    let line = package.lines().find_map(|line| line.strip_prefix("version = \"")).ok_or("no version")?;
    Ok(line.trim_end_matches('"').to_owned())
}
