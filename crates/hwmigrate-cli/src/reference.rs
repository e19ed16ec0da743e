//! The reference page, written from the argument tree.

use std::fmt::Write;

use clap::{Arg, Command};

use crate::args::Cli;
use crate::exit::ExitCode;

/// The text of `docs/cli.md`.
pub fn reference() -> String {
    let mut tree = Cli::tree();
    tree.build();
    let mut page = String::from(
        "# Command line reference\n\n\
         This page is written from the program itself; do not edit it.\n\
         `UPDATE_REFERENCE=1 cargo test -p hwmigrate-cli --test reference` writes it anew.\n\n",
    );
    page.push_str("## Exit codes\n\n| code | name | meaning |\n|---|---|---|\n");
    for code in ExitCode::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| {} | {} | {} |", code.number(), code.name(), code.meaning());
    }
    page.push_str(
        "\nAn error ends with one line of help. With `--output json` or `ndjson` the last line of the\n\
         error stream is an object `{\"error\": {…}}` with at least `kind` (the name above), `exit_code`\n\
         and `message`.\n\n",
    );
    let globals: Vec<&Arg> = tree.get_arguments().filter(|arg| arg.is_global_set()).collect();
    page.push_str("## Options of every command\n\n");
    options(&mut page, &globals);
    section(&mut page, &tree, "", 2);
    let trimmed = page.trim_end().len();
    page.truncate(trimmed);
    page.push('\n');
    page
}

fn section(page: &mut String, command: &Command, path: &str, depth: usize) {
    let path = if path.is_empty() {
        command.get_name().to_owned()
    } else {
        format!("{path} {}", command.get_name())
    };
    let _ = writeln!(page, "{} {path}\n", "#".repeat(depth.min(4)));
    let about = command.get_long_about().or_else(|| command.get_about());
    if let Some(about) = about {
        let _ = writeln!(page, "{}\n", paragraphs(&about.to_string()));
    }
    let own: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !arg.is_global_set() && !arg.is_hide_set())
        .filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()))
        .collect();
    let places: Vec<&Arg> = own.iter().copied().filter(|arg| arg.is_positional()).collect();
    if !command.has_subcommands() {
        let _ = writeln!(page, "```text\n{}\n```\n", usage(&path, &places, own.len() > places.len()));
    }
    options(page, &own);
    // The help of the whole program repeats the exit codes, which have their table.
    if let Some(after) = command.get_after_long_help().filter(|_| depth > 2) {
        let after = after.to_string();
        let (head, rest) = after.split_once('\n').unwrap_or((after.as_str(), ""));
        let _ = writeln!(page, "{head}\n\n```text\n{}\n```\n", rest.trim_end());
    }
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        section(page, sub, &path, depth + 1);
    }
}

fn usage(path: &str, places: &[&Arg], has_options: bool) -> String {
    let mut line = path.to_owned();
    if has_options {
        line.push_str(" [OPTIONS]");
    }
    for place in places {
        let name = value_names(place);
        let many = if place.get_num_args().is_some_and(|count| count.max_values() > 1) { "..." } else { "" };
        if place.is_required_set() {
            let _ = write!(line, " <{name}>{many}");
        } else {
            let _ = write!(line, " [{name}]{many}");
        }
    }
    line
}

fn options(page: &mut String, args: &[&Arg]) {
    if args.is_empty() {
        return;
    }
    page.push_str("| argument | meaning |\n|---|---|\n");
    for arg in args {
        let mut name = String::new();
        if let Some(short) = arg.get_short() {
            let _ = write!(name, "-{short}, ");
        }
        match arg.get_long() {
            Some(long) => {
                let _ = write!(name, "--{long}");
                if arg.is_require_equals_set() {
                    let _ = write!(name, "[=<{}>]", value_names(arg));
                } else if arg.get_action().takes_values() {
                    let _ = write!(name, " <{}>", value_names(arg));
                }
            }
            None => name.push_str(&value_names(arg)),
        }
        let help =
            arg.get_long_help().or_else(|| arg.get_help()).map(ToString::to_string).unwrap_or_default();
        let mut meaning = paragraphs(&help).replace("\n\n", ". ").replace('|', "\\|");
        let words: Vec<_> = arg
            .get_possible_values()
            .iter()
            .filter(|one| !one.is_hide_set())
            .map(|one| one.get_name().to_owned())
            .collect();
        if !words.is_empty() && arg.get_action().takes_values() {
            let _ = write!(meaning, " [{}]", words.join(", "));
        }
        let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if !defaults.is_empty() && arg.get_action().takes_values() {
            let _ = write!(meaning, " (default: {})", defaults.join(","));
        }
        let _ = writeln!(page, "| `{}` | {meaning} |", name.replace('|', "\\|"));
    }
    page.push('\n');
}

fn value_names(arg: &Arg) -> String {
    match arg.get_value_names() {
        Some(names) => names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" "),
        None => arg.get_id().as_str().to_uppercase(),
    }
}

fn paragraphs(text: &str) -> String {
    text.split("\n\n")
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n\n")
}
