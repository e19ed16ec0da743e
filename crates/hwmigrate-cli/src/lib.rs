//! The command `hwmigrate`.
//!
//! Thin commands over the high-level crate: arguments come in, the library
//! does the work, and one module each writes data, progress
//! and failures. The binary calls [`main`]; [`reference()`] is the text of
//! `docs/cli.md`.

mod args;
mod attended;
mod body;
mod clock;
mod commands;
mod connect;
mod duration;
mod errors;
mod exit;
mod failure;
mod interrupt;
mod lines;
mod logging;
mod meter;
mod output;
mod plain;
mod private;
mod reference;
mod report;
mod rhythm;
mod schema;
mod secret;

use std::ffi::OsString;
use std::future::Future;
use std::io::Write;
use std::process;

use clap::FromArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::args::oms::OmsCommand;
use crate::args::sms::SmsCommand;
use crate::args::{Cli, Command, Global};
use crate::exit::ExitCode;
use crate::failure::{Failure, Result};
use crate::output::Output;

pub use reference::reference;

/// Runs the command with the arguments of this process.
pub fn main() -> process::ExitCode {
    explain_panics();
    clock::running();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let code = match parse(&arguments) {
        Ok(cli) => {
            let as_json = cli.global.wants_json();
            logging::start(logging::level(&cli.global));
            attended::keep(&cli.global);
            match dispatch(cli) {
                Ok(()) => ExitCode::Done,
                Err(failure) => {
                    failure.report(as_json);
                    failure.code()
                }
            }
        }
        Err(code) => code,
    };
    code.into()
}

/// Reads the arguments; help, version and mistakes are written here.
fn parse(arguments: &[OsString]) -> std::result::Result<Cli, ExitCode> {
    let parsed = Cli::tree()
        .try_get_matches_from(arguments)
        .and_then(|mut found| Cli::from_arg_matches_mut(&mut found));
    parsed.map_err(|mut error| {
        hide_secrets(&mut error);
        // A closed stream leaves nobody to tell.
        let _ = error.print();
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::Done,
            _ => {
                if wants_json(arguments) {
                    let failure = Failure::usage(first_line(&error)).help("see hwmigrate --help");
                    let _ = writeln!(std::io::stderr(), "{}", failure.to_json());
                }
                ExitCode::Usage
            }
        }
    })
}

/// Takes values out of an error that may hold a secret, or an address with a password.
fn hide_secrets(error: &mut clap::Error) {
    let secret = |text: &str| ["--s3-bucket", "--endpoint"].iter().any(|flag| text.starts_with(flag));
    let arg = error.get(ContextKind::InvalidArg);
    if matches!(arg, Some(ContextValue::String(text)) if secret(text)) {
        let hidden = ContextValue::String(hwmigrate::api::REDACTED.to_owned());
        error.insert(ContextKind::InvalidValue, hidden);
    }
}

/// Whether the arguments ask for JSON, found without the parser, which refused them.
fn wants_json(arguments: &[OsString]) -> bool {
    let words: Vec<_> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let json = |word: &str| word == "json" || word == "ndjson";
    words.iter().any(|word| {
        word.strip_prefix("--output=")
            .or_else(|| word.strip_prefix("-o"))
            .is_some_and(|form| json(form.trim_start_matches('=')))
    }) || words.windows(2).any(|pair| (pair[0] == "--output" || pair[0] == "-o") && json(pair[1]))
}

fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

fn dispatch(cli: Cli) -> Result<()> {
    let Cli { global, command } = cli;
    let output = Output::new(global.output, global.quiet);
    match command {
        Command::Completions { shell } => commands::completions::run(shell, &output),
        Command::Reference => output.text(&reference()),
        Command::Emulator(serve) => on_all_cores(commands::emulator::run(&serve, &global, &output)),
        Command::Login => on_one_core(commands::login::run(&global, &output)),
        Command::Api(api) => commands::api::prepare(api, &output, |call| {
            on_one_core(commands::api::run(call, &global, &output))
        }),
        Command::Oms(OmsCommand::Migrate(migrate)) if migrate.emulator => {
            on_all_cores(commands::oms::migrate_local::run(&migrate, &global, &output))
        }
        Command::Oms(command) => on_one_core(commands::oms::run(command, &global, &output)),
        Command::Sms(SmsCommand::Migrate(migrate)) if migrate.emulator => {
            on_all_cores(commands::sms::migrate_local::run(&migrate, &global, &output))
        }
        Command::Sms(command) => on_one_core(commands::sms::run(command, &global, &output)),
    }
}

/// A client waits more than it works; a second thread would only cost start-up time.
fn on_one_core<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    run(tokio::runtime::Builder::new_current_thread(), work)
}

/// The emulator copies bytes, which is work for every core.
fn on_all_cores<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    run(tokio::runtime::Builder::new_multi_thread(), work)
}

fn run<T>(mut builder: tokio::runtime::Builder, work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = builder.enable_all().build().map_err(|error| {
        Failure::new(ExitCode::Unexpected, "the program could not start its event loop")
            .cause(error)
            .help("check the limits on open files and processes (ulimit -n, ulimit -u)")
    })?;
    let result = runtime.block_on(work);
    // A blocked thread, such as one that waits for a prompt, must not hold up the end.
    runtime.shutdown_background();
    result
}

/// A fault of ours must look like one, and not like a trace from inside.
fn explain_panics() {
    std::panic::set_hook(Box::new(|fault| {
        let place =
            fault.location().map(ToString::to_string).unwrap_or_else(|| "an unknown place".to_owned());
        let _ = writeln!(
            std::io::stderr(),
            "error: this is a fault in hwmigrate {} ({place})\nhelp: please report it with the command you gave, without secrets",
            env!("CARGO_PKG_VERSION")
        );
    }));
}

/// What is left of the limit of the command, with the default of commands that wait.
pub(crate) fn wait_limit(global: &Global) -> std::time::Duration {
    const WEEK: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);
    global.time_left().unwrap_or(WEEK)
}
