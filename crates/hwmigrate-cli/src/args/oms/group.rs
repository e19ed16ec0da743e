//! Arguments of `oms group`.

use clap::{Args, Subcommand, ValueEnum};

use super::job::{Job, JobStart};
use super::task::WaitOptions;
use crate::args::Input;

/// Task groups.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// List groups
    List {
        /// Only groups in this state
        #[arg(long, value_enum, value_name = "STATE")]
        status: Option<GroupState>,
        /// Show at most so many
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
    },
    /// Show one group
    Show {
        /// Group id
        id: String,
    },
    /// Create a group: the service splits the work into tasks and starts them
    ///
    /// Meant for more than 3 TB or 5 million objects. Objects are chosen by
    /// prefix or list, not one by one.
    #[command(after_long_help = "Examples:
  hwmigrate oms group create --skeleton > group.json
  hwmigrate oms group create --input group.json")]
    Create(Box<GroupCreate>),
    /// Resume a paused group
    Start(Box<JobStart>),
    /// Pause a group
    Stop {
        /// Group id
        id: String,
    },
    /// Run a failed group again
    Retry {
        #[command(flatten)]
        start: Box<JobStart>,
        /// Move only the objects that failed before
        #[arg(long)]
        failed_only: bool,
    },
    /// Delete a group that is not running
    Delete {
        /// Group id
        id: String,
    },
    /// Wait until groups have ended
    ///
    /// Interrupting the command stops the waiting, not the groups.
    Wait {
        /// Group ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        options: WaitOptions,
    },
    /// Replace the bandwidth limits of an unfinished group
    Bandwidth {
        /// Group id
        id: String,
        /// Limit per second, such as 50MiB/s, or for a time of day 08:00-20:00=50MiB/s; up to 5
        #[arg(value_name = "LIMIT", required_unless_present = "clear")]
        limits: Vec<String>,
        /// Remove all limits
        #[arg(long, conflicts_with = "limits")]
        clear: bool,
    },
}

/// Arguments of `oms group create`.
#[derive(Args, Debug)]
pub(crate) struct GroupCreate {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) job: Job,
}

/// State of a group, as a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupState {
    /// Waiting for a slot
    Waiting,
    /// Creating its tasks
    Creating,
    /// Watching its tasks
    Running,
    /// Stopped by someone
    Paused,
    /// Its tasks could not be created
    CreationFailed,
    /// Ended in failure
    Failed,
    /// Ended well
    Succeeded,
    /// Being stopped
    Pausing,
    /// About to be deleted
    Deleting,
    /// Deleted
    Deleted,
}

impl GroupState {
    /// The number on the wire.
    pub(crate) fn code(self) -> i64 {
        self as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_the_documented_numbers() {
        assert_eq!(GroupState::Waiting.code(), 0);
        assert_eq!(GroupState::Running.code(), 2);
        assert_eq!(GroupState::Failed.code(), 5);
        assert_eq!(GroupState::Succeeded.code(), 6);
        assert_eq!(GroupState::Deleted.code(), 9);
    }
}
