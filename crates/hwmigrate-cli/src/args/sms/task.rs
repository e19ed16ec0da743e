//! Arguments of `sms task`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use hwmigrate::sms::Goal;

use super::target::{Place, Target};
use crate::args::Input;
use crate::duration::Span;

/// Migration tasks.
#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    /// List tasks
    #[command(after_long_help = "Examples:
  hwmigrate sms task list --state syncing
  hwmigrate sms task list --output ndjson | jq -r .id")]
    List(TaskList),
    /// Show one task
    Show {
        /// Task id
        id: String,
    },
    /// Create a task for a registered source server
    ///
    /// What is not given is taken from the source server: its name, its
    /// operating system and the layout of disks that the service recommends.
    #[command(after_long_help = "Examples:
  hwmigrate sms task create --server 9d2c… --template-id 31f0… --target-region cn-north-4 --syncing
  hwmigrate sms task create --server 9d2c… --target-vm 0c9e… --migration-ip 203.0.113.7
  hwmigrate sms task create --skeleton > task.json")]
    Create(Box<TaskCreate>),
    /// Change a task that is not running
    Update {
        /// Task id
        id: String,
        /// New name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Limit, such as 100Mbit/s, or unlimited
        #[arg(long, value_name = "LIMIT")]
        speed_limit: Option<String>,
        #[command(flatten)]
        place: Box<Place>,
        #[command(flatten)]
        input: Input,
    },
    /// Delete tasks; what was copied stays on the targets
    Delete {
        /// Task ids, 50 at most
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Stop running tasks first and wait until they may be deleted
        #[arg(long)]
        stop_first: bool,
    },
    #[command(flatten)]
    Act(ActionCommand),
    /// Wait until tasks have come to a point
    ///
    /// Interrupting the command stops the waiting, not the tasks.
    #[command(after_long_help = "Examples:
  hwmigrate sms task wait 7be0… --until syncing --timeout 3d
  hwmigrate sms task wait 7be0… 41aa… --output ndjson")]
    Wait {
        /// Task ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        options: WaitOptions,
    },
    /// Show the speed limits of a task, or replace them
    #[command(after_long_help = "Examples:
  hwmigrate sms task speed-limit 7be0…
  hwmigrate sms task speed-limit 7be0… 100Mbit/s
  hwmigrate sms task speed-limit 7be0… 08:00-20:00=50Mbit/s 20:00-08:00=400Mbit/s")]
    SpeedLimit {
        /// Task id
        id: String,
        /// Limit such as 100Mbit/s, or for a time of day 08:00-20:00=50Mbit/s; up to 5
        #[arg(value_name = "LIMIT")]
        limits: Vec<String>,
        /// Percent, 10 to 100, by which a limit may be exceeded before the task pauses
        #[arg(long, value_name = "PERCENT", requires = "limits")]
        tolerance: Option<f64>,
        /// Remove all limits
        #[arg(long, conflicts_with = "limits")]
        clear: bool,
    },
    /// Have the log of a task uploaded to a bucket
    CollectLog {
        /// Task id
        id: String,
        /// OBS bucket that receives the log
        #[arg(long, value_name = "BUCKET")]
        bucket: String,
    },
    /// Show the results of consistency checks
    Consistency {
        /// Task id
        id: String,
    },
    /// Write the results of consistency checks to a file, as the service makes it
    ExportConsistency {
        /// Task ids, 200 at most
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// File to write; must not exist yet
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}

/// What a task can be told.
#[derive(Debug, Subcommand)]
pub(crate) enum ActionCommand {
    /// Start a task, or go on with a paused or failed one
    Start(TaskAction),
    /// Pause a task
    Stop(TaskAction),
    /// Launch the target of a task that is syncing
    Cutover(TaskAction),
    /// Bring a launched target up to date with its source again
    Restart(TaskAction),
    /// Clone the target, to test the clone
    CloneTest(TaskAction),
    /// Start a migration drill
    MigrationTest(TaskAction),
    /// Send the action that the documents call test
    Test(TaskAction),
    /// Measure the network between source and target
    NetworkCheck(TaskAction),
    /// Skip the consistency check that a task is at
    Skip(TaskAction),
    /// Remove the snapshots of a target
    Clear(TaskAction),
    /// Send any other action by its word
    Action {
        #[command(flatten)]
        action: TaskAction,
        /// Word of the service, such as sync_failed_rollback
        #[arg(value_name = "WORD")]
        word: String,
    },
}

/// Arguments of `sms task list`.
#[derive(Args, Debug)]
pub(crate) struct TaskList {
    /// Only tasks in this state
    #[arg(long, value_name = "STATE", ignore_case = true, value_parser = [
        "ready", "running", "syncing", "migrate_success", "migrate_fail", "aborting", "abort", "deleting",
        "sync_f_rollbacking", "sync_f_rollback_success",
    ])]
    pub(crate) state: Option<String>,
    /// Only tasks whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Only the task with this id
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Only tasks of this source server
    #[arg(long, value_name = "ID")]
    pub(crate) server: Option<String>,
    /// Only tasks of this enterprise project
    #[arg(long, value_name = "ID")]
    pub(crate) enterprise_project_id: Option<String>,
    /// Show at most so many
    #[arg(long, value_name = "NUMBER")]
    pub(crate) limit: Option<usize>,
}

/// Arguments of `sms task create`.
#[derive(Args, Debug)]
pub(crate) struct TaskCreate {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Source server that is moved
    #[arg(long, value_name = "ID")]
    pub(crate) server: Option<String>,
    /// Name of the task: letters, digits, - and _, 64 at most; made from the server's name if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Go on with synchronising after the first copy
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) syncing: Option<bool>,
    /// Start the task as soon as it is created
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) auto_start: Option<bool>,
    /// Limit, such as 100Mbit/s, or unlimited
    #[arg(long, value_name = "LIMIT")]
    pub(crate) speed_limit: Option<String>,
    #[command(flatten)]
    pub(crate) target: Target,
}

/// A task and how to act on it.
#[derive(Args, Clone, Debug)]
pub(crate) struct TaskAction {
    /// Task id
    pub(crate) id: String,
    /// Send it although the state of the task does not call for it
    #[arg(long)]
    pub(crate) force: bool,
    /// Template for the server that the action creates
    #[arg(long, value_name = "ID")]
    pub(crate) template_id: Option<String>,
    /// Convert the target to Huawei Cloud EulerOS (Linux)
    #[arg(long)]
    pub(crate) switch_hce: bool,
    /// Compare source and target
    #[arg(long)]
    pub(crate) consistency_check: bool,
}

/// How to wait.
#[derive(Args, Clone, Debug)]
pub(crate) struct WaitOptions {
    /// What to wait for
    #[arg(long, value_enum, default_value_t = Until::MigrateSuccess, value_name = "POINT")]
    pub(crate) until: Until,
    /// Say so when a running task has moved nothing for this long
    #[arg(long, value_name = "SPAN")]
    pub(crate) stall_after: Option<Span>,
}

/// The point that ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Until {
    /// It has begun, or any state after that
    Started,
    /// The first copy is complete and changes follow, or any state after that
    Syncing,
    /// The migration has ended well
    MigrateSuccess,
    /// A later synchronisation has ended well
    SyncSuccess,
    /// It stands still after a stop
    Aborted,
}

impl From<Until> for Goal {
    fn from(until: Until) -> Self {
        match until {
            Until::Started => Self::Started,
            Until::Syncing => Self::Syncing,
            Until::MigrateSuccess => Self::MigrateSuccess,
            Until::SyncSuccess => Self::SyncSuccess,
            Until::Aborted => Self::Aborted,
        }
    }
}
