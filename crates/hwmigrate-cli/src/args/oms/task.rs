//! Arguments of `oms task`.

use clap::{Args, Subcommand, ValueEnum};

use super::job::{Job, StartKeys};
use crate::args::Input;
use crate::duration::Span;

/// Migration tasks.
#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    /// List tasks
    #[command(after_long_help = "Examples:
  hwmigrate oms task list --status running
  hwmigrate oms task list --output ndjson | jq -r .id")]
    List(TaskList),
    /// Show one task
    Show {
        /// Task id
        id: u64,
    },
    /// Create a task, which starts by itself
    ///
    /// A lost reply never leads to a second task: the command looks for its
    /// own task and adopts it.
    #[command(after_long_help = "Examples:
  hwmigrate oms task create --skeleton > task.json
  hwmigrate oms task create --input task.json
  hwmigrate oms task create --source-cloud AWS --source-region eu-west-1 --source-bucket photos \\
    --source-prefix 2026/ --source-ak env:AWS_AK --source-sk env:AWS_SK \\
    --dest-bucket archive --dest-ak env:OBS_AK --dest-sk env:OBS_SK")]
    Create(Box<TaskCreate>),
    /// Start a paused or failed task again
    #[command(after_long_help = "Examples:
  hwmigrate oms task start 42 --failed-only --source-ak env:AWS_AK --source-sk env:AWS_SK \\
    --dest-ak env:OBS_AK --dest-sk env:OBS_SK")]
    Start(Box<TaskStart>),
    /// Pause a running task
    Stop {
        /// Task id
        id: u64,
    },
    /// Delete a task that is not running
    Delete {
        /// Task id
        id: u64,
        /// Stop a running task first and wait until it may be deleted
        #[arg(long)]
        stop_first: bool,
    },
    /// Wait until tasks have ended
    ///
    /// Interrupting the command stops the waiting, not the tasks.
    #[command(after_long_help = "Examples:
  hwmigrate oms task wait 42 --timeout 3d
  hwmigrate oms task wait 42 43 44 --output ndjson")]
    Wait {
        /// Task ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<u64>,
        #[command(flatten)]
        options: WaitOptions,
    },
    /// Replace the bandwidth limits of an unfinished task
    Bandwidth {
        /// Task id
        id: u64,
        /// Limit per second, such as 50MiB/s, or for a time of day 08:00-20:00=50MiB/s; up to 5
        #[arg(value_name = "LIMIT", required_unless_present = "clear")]
        limits: Vec<String>,
        /// Remove all limits
        #[arg(long, conflicts_with = "limits")]
        clear: bool,
    },
    /// Change limits or priority of several tasks at once
    BatchUpdate(BatchUpdate),
}

/// Arguments of `oms task list`.
#[derive(Args, Debug)]
pub(crate) struct TaskList {
    /// Only tasks in this state
    #[arg(long, value_enum, value_name = "STATE")]
    pub(crate) status: Option<TaskState>,
    /// Only tasks of this group
    #[arg(long, value_name = "ID")]
    pub(crate) group_id: Option<String>,
    /// Only tasks whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Show at most so many
    #[arg(long, value_name = "NUMBER")]
    pub(crate) limit: Option<usize>,
}

/// State of a task, as a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TaskState {
    /// Waiting for a slot
    Waiting,
    /// Moving objects
    Running,
    /// Stopped by someone
    Paused,
    /// Ended in failure
    Failed,
    /// Ended well
    Succeeded,
    /// Being stopped
    Pausing,
}

impl TaskState {
    /// The number on the wire.
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Waiting => 1,
            Self::Running => 2,
            Self::Paused => 3,
            Self::Failed => 4,
            Self::Succeeded => 5,
            Self::Pausing => 7,
        }
    }
}

/// Arguments of `oms task create`.
#[derive(Args, Debug)]
pub(crate) struct TaskCreate {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) job: Job,
    /// Scheduling priority
    #[arg(long, value_enum, help_heading = "Job", value_name = "PRIORITY")]
    pub(crate) priority: Option<Priority>,
}

/// Scheduling priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Priority {
    /// Before others
    High,
    /// In between
    Medium,
    /// After others
    Low,
}

impl Priority {
    /// The word on the wire.
    pub(crate) fn wire(self) -> &'static str {
        match self {
            Self::High => "HIGH",
            Self::Medium => "MEDIUM",
            Self::Low => "LOW",
        }
    }
}

/// Arguments of `oms task start`.
#[derive(Args, Debug)]
pub(crate) struct TaskStart {
    /// Task id
    pub(crate) id: u64,
    /// Move only the objects that failed before
    #[arg(long)]
    pub(crate) failed_only: bool,
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) keys: StartKeys,
}

/// How to wait.
#[derive(Args, Clone, Debug)]
pub(crate) struct WaitOptions {
    /// What to wait for
    #[arg(long, value_enum, default_value_t = Until::Ended, value_name = "POINT")]
    pub(crate) until: Until,
    /// Say so when a running job has moved nothing for this long
    #[arg(long, value_name = "SPAN")]
    pub(crate) stall_after: Option<Span>,
}

/// The point that ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Until {
    /// Running, or any state after it
    Started,
    /// Succeeded, failed or paused
    Ended,
}

impl From<Until> for hwmigrate::wait::Until {
    fn from(until: Until) -> Self {
        match until {
            Until::Started => Self::Started,
            Until::Ended => Self::Ended,
        }
    }
}

/// Arguments of `oms task batch-update`.
#[derive(Args, Debug)]
pub(crate) struct BatchUpdate {
    /// Tasks to change, 20 at most
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',', conflicts_with = "group_id")]
    pub(crate) id: Vec<u64>,
    /// Change all tasks of this group
    #[arg(long, value_name = "ID")]
    pub(crate) group_id: Option<String>,
    /// Limit per second, such as 50MiB/s, or for a time of day 08:00-20:00=50MiB/s; up to 5
    #[arg(long, value_name = "LIMIT")]
    pub(crate) bandwidth: Vec<String>,
    /// Scheduling priority; only for waiting, paused and failed tasks
    #[arg(long, value_enum, value_name = "PRIORITY")]
    pub(crate) priority: Option<Priority>,
    #[command(flatten)]
    pub(crate) input: Input,
}
