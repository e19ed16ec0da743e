//! Arguments of `sms server`.

use clap::{Args, Subcommand};

use crate::args::Input;

/// Source servers.
#[derive(Debug, Subcommand)]
pub(crate) enum ServerCommand {
    /// List source servers
    #[command(after_long_help = "Examples:
  hwmigrate sms server list --connected
  hwmigrate sms server list --stage syncing --output ndjson | jq -r .id")]
    List(ServerList),
    /// Show one source server with its checks, disks and current task
    Show {
        /// Source server id
        id: String,
    },
    /// Change the name, the migration project or the choice of disks of a source server
    ///
    /// Disks are chosen with --input, and only as long as the server has no target.
    #[command(after_long_help = "Examples:
  hwmigrate sms server update 9d2c… --name web-1 --project 57a1…")]
    Update {
        /// Source server id
        id: String,
        /// New name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Migration project that the server is moved to
        #[arg(long, value_name = "ID")]
        project: Option<String>,
        #[command(flatten)]
        input: Input,
    },
    /// Delete the records of source servers
    ///
    /// The servers themselves are not touched. A server is registered again
    /// when its agent is started again.
    Delete {
        /// Source server ids, 50 at most
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Count the source servers in each state
    Overview,
    /// List the source servers whose migration failed, and why
    Errors {
        /// Only servers of this enterprise project
        #[arg(long, value_name = "ID")]
        enterprise_project_id: Option<String>,
        /// Show at most so many
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
    },
}

/// Arguments of `sms server list`.
#[derive(Args, Debug)]
pub(crate) struct ServerList {
    /// Only servers in this state
    #[arg(long, value_name = "STATE", value_parser = [
        "unavailable", "waiting", "initialize", "replicate", "syncing", "stopping", "stopped", "skipping",
        "deleting", "clearing", "cleared", "clearfailed", "premigready", "premiged", "premigfailed", "cloning",
        "cutovering", "finished", "error",
    ])]
    pub(crate) state: Option<String>,
    /// Only servers in this stage of their migration
    #[arg(long, value_name = "STAGE", value_parser = [
        "checking", "setting", "replicating", "syncing", "cutovering", "cutovered",
    ])]
    pub(crate) stage: Option<String>,
    /// Only servers whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Only the server with this id
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Only servers with this IPv4 address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) ip: Option<String>,
    /// Only servers with this IPv6 address
    #[arg(long, value_name = "ADDRESS", conflicts_with = "ip")]
    pub(crate) ipv6: Option<String>,
    /// Only servers of this migration project
    #[arg(long, value_name = "ID")]
    pub(crate) project: Option<String>,
    /// Only servers of this enterprise project
    #[arg(long, value_name = "ID")]
    pub(crate) enterprise_project_id: Option<String>,
    /// Only the server that this platform id belongs to
    #[arg(long, value_name = "ID")]
    pub(crate) vm_id: Option<String>,
    /// Only servers whose agent is connected, or with =false those whose agent is not
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) connected: Option<bool>,
    /// Only servers with a result of a consistency check, or with =false those without one
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) consistency_result: Option<bool>,
    /// Show at most so many
    #[arg(long, value_name = "NUMBER")]
    pub(crate) limit: Option<usize>,
}
