//! The log, on the error stream, only when asked for.
//!
//! Only this project's own crates are heard. What others log at the finest
//! level (whole headers, for example) was not written with secrets in mind.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::args::{Global, LogLevel};

/// The level that the arguments ask for.
pub(crate) fn level(global: &Global) -> LevelFilter {
    match (global.log_level, global.verbose) {
        (Some(LogLevel::Off), _) | (None, 0) => LevelFilter::OFF,
        (Some(LogLevel::Error), _) => LevelFilter::ERROR,
        (Some(LogLevel::Warn), _) => LevelFilter::WARN,
        (Some(LogLevel::Info), _) | (None, 1) => LevelFilter::INFO,
        (Some(LogLevel::Debug), _) | (None, 2) => LevelFilter::DEBUG,
        (Some(LogLevel::Trace), _) | (None, _) => LevelFilter::TRACE,
    }
}

/// Starts the log.
pub(crate) fn start(level: LevelFilter) {
    if level == LevelFilter::OFF {
        return;
    }
    let ours = Targets::new()
        .with_target("hwmigrate", level)
        .with_target("hwmigrate_api", level)
        .with_target("hwmigrate_cli", level)
        .with_target("hwmigrate_emulator", level);
    let colour =
        io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let layer = fmt::layer().with_writer(io::stderr).with_ansi(colour).with_filter(ours);
    // Somebody who embeds this crate may have started a log already.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}
