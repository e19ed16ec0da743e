//! Arguments of `sms project`.

use clap::{Args, Subcommand};

use super::target::Kind;
use crate::args::Input;

/// Migration projects.
#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// List migration projects
    List {
        /// Show at most so many
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
    },
    /// Show one migration project
    Show {
        /// Migration project id
        id: String,
    },
    /// Create a migration project
    #[command(after_long_help = "Examples:
  hwmigrate sms project create --name wave-1 --target-region cn-north-4 --type file --syncing")]
    Create {
        #[command(flatten)]
        fields: Box<ProjectFields>,
        #[command(flatten)]
        input: Input,
    },
    /// Change a migration project
    Update {
        /// Migration project id
        id: String,
        #[command(flatten)]
        fields: Box<ProjectFields>,
        #[command(flatten)]
        input: Input,
    },
    /// Make a migration project the default one: newly registered servers land in it
    SetDefault {
        /// Migration project id
        id: String,
    },
    /// Delete a migration project that has no servers and is not the default one
    Delete {
        /// Migration project id
        id: String,
    },
}

/// The settings of a migration project.
#[derive(Args, Clone, Debug)]
pub(crate) struct ProjectFields {
    /// Name, unique in the account
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Free text
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Region of the targets
    #[arg(long, value_name = "REGION")]
    pub(crate) target_region: Option<String>,
    /// Copy files or whole blocks
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    pub(crate) kind: Option<Kind>,
    /// Limit, such as 100Mbit/s, or unlimited
    #[arg(long, value_name = "LIMIT")]
    pub(crate) speed_limit: Option<String>,
    /// Enterprise project that it belongs to
    #[arg(long, value_name = "NAME")]
    pub(crate) enterprise_project: Option<String>,
    /// Make it the default project
    #[arg(long = "default", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) is_default: Option<bool>,
    /// Go on with synchronising after the first copy
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) syncing: Option<bool>,
    /// Send the data over a public address
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) public_ip: Option<bool>,
    /// Migrate to servers that exist already
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) existing_target: Option<bool>,
    /// Start the target after the migration
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) start_target: Option<bool>,
    /// Measure the network first
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) network_check: Option<bool>,
}
