//! Arguments of `oms sync`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::job::JobStart;
use crate::args::Input;

/// Sync tasks: copy named objects whenever an event asks for it.
#[derive(Debug, Subcommand)]
pub(crate) enum SyncCommand {
    /// List sync tasks
    List {
        /// Only sync tasks in this state
        #[arg(long, value_enum, value_name = "STATE")]
        status: Option<SyncState>,
        /// Show at most so many
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
    },
    /// Show one sync task with the counters of a month
    Show {
        /// Sync task id
        id: String,
        /// A time in the month: seconds since 1970 or 2026-01-31T08:00:00Z; now if not given
        #[arg(long, value_name = "TIME", value_parser = crate::args::input::moment)]
        month: Option<i64>,
    },
    /// Create a sync task, which starts by itself
    #[command(after_long_help = "Examples:
  hwmigrate oms sync create --skeleton > sync.json
  hwmigrate oms sync create --input sync.json")]
    Create {
        #[command(flatten)]
        input: Input,
    },
    /// Start a stopped sync task
    Start(Box<JobStart>),
    /// Stop a sync task
    Stop {
        /// Sync task id
        id: String,
    },
    /// Delete a stopped sync task
    Delete {
        /// Sync task id
        id: String,
    },
    /// Show the counters of a sync task over time
    Statistics {
        /// Sync task id
        id: String,
        /// Begin: seconds since 1970 or 2026-01-31T08:00:00Z
        #[arg(long, value_name = "TIME", value_parser = crate::args::input::moment)]
        from: i64,
        /// End; now if not given
        #[arg(long, value_name = "TIME", value_parser = crate::args::input::moment)]
        to: Option<i64>,
        /// Counters to show
        #[arg(long, value_enum, value_delimiter = ',', value_name = "COUNTER",
              default_values_t = [Counter::Request, Counter::Success, Counter::Failure, Counter::Skip, Counter::Size])]
        data: Vec<Counter>,
    },
    /// Ask a sync task to copy named objects now
    ///
    /// Any number of keys: they are sent ten at a time, and what was not sent
    /// is named when a call fails.
    #[command(after_long_help = "Examples:
  hwmigrate oms sync events 0ec3… photos/1.jpg photos/2.jpg
  hwmigrate oms sync events 0ec3… --keys-from keys.txt")]
    Events {
        /// Sync task id
        id: String,
        /// Object keys, as they are (encoding is done here)
        #[arg(value_name = "KEY", required_unless_present = "keys_from")]
        keys: Vec<String>,
        /// Read keys from a file, one on each line, or from the standard input with -
        #[arg(long, value_name = "FILE|-")]
        keys_from: Option<PathBuf>,
    },
}

/// State of a sync task, as a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SyncState {
    /// Taking events
    Synchronizing,
    /// Stopped
    Stopped,
}

impl SyncState {
    /// The word on the wire.
    pub(crate) fn wire(self) -> &'static str {
        match self {
            Self::Synchronizing => "SYNCHRONIZING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// A counter of a sync task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Counter {
    /// Objects asked for
    Request,
    /// Objects copied
    Success,
    /// Objects failed
    Failure,
    /// Objects skipped
    Skip,
    /// Bytes copied
    Size,
}

impl Counter {
    /// The word on the wire.
    pub(crate) fn wire(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
            Self::Skip => "SKIP",
            Self::Size => "SIZE",
        }
    }
}
