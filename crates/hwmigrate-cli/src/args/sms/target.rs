//! Arguments that describe how a server is moved, and where to.

use clap::{Args, ValueEnum};

/// Where a server goes: what can be said when its task is made, and changed later.
///
/// Yes-or-no options take `=false`, so that a file's `true` can be overridden.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Target")]
pub(crate) struct Place {
    /// Region of the target; for a new task the region of the connection if not given
    #[arg(long, value_name = "REGION")]
    pub(crate) target_region: Option<String>,
    /// Name of that region; for a new task its id if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) target_region_name: Option<String>,
    /// Project of the target; for a new task the project of the connection if not given
    #[arg(long, value_name = "ID")]
    pub(crate) target_project_id: Option<String>,
    /// Name of that project; for a new task the region if not given, which is how projects are called
    #[arg(long, value_name = "NAME")]
    pub(crate) target_project_name: Option<String>,
    /// Server that exists already and is overwritten
    #[arg(long, value_name = "ID", conflicts_with = "template_id")]
    pub(crate) target_vm: Option<String>,
    /// Name of the target server; for a new task the name of the source if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) target_name: Option<String>,
    /// Template that the target is created from
    #[arg(long, value_name = "ID")]
    pub(crate) template_id: Option<String>,
    /// Address that the data is sent to; only with a target that exists already
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) migration_ip: Option<String>,
    /// Copy files or whole blocks; for a new task file for Linux and block for Windows if not given
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    pub(crate) kind: Option<Kind>,
    /// Send the data over a public address (the service's default)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) public_ip: Option<bool>,
    /// Send the data over IPv6
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) ipv6: Option<bool>,
}

/// Where a server goes, and how its task works.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Target")]
pub(crate) struct Target {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Volume of the existing server for a disk of the source, such as /dev/vda=VOLUME_ID; may be repeated
    #[arg(long, value_name = "DISK=VOLUME", value_parser = crate::args::pair, requires = "target_vm")]
    pub(crate) target_disk: Vec<(String, String)>,
    /// Template that a clone of the target is created from
    #[arg(long, value_name = "ID")]
    pub(crate) clone_template_id: Option<String>,
    /// Start the target after the migration (the service's default)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) start_target: Option<bool>,
    /// Measure the network first
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) network_check: Option<bool>,
    /// Compare source and target afterwards
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) consistency_check: Option<bool>,
    /// Scheduling priority
    #[arg(long, value_enum, value_name = "PRIORITY")]
    pub(crate) priority: Option<Priority>,
}

/// What is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Files, into file systems that are made anew (Linux)
    File,
    /// Blocks of whole disks
    Block,
}

impl Kind {
    /// The word on the wire.
    pub(crate) fn wire(self) -> &'static str {
        match self {
            Self::File => "MIGRATE_FILE",
            Self::Block => "MIGRATE_BLOCK",
        }
    }
}

/// Scheduling priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Priority {
    /// After others
    Low,
    /// In between (the service's default)
    Standard,
    /// Before others
    High,
}

impl Priority {
    /// The number on the wire.
    pub(crate) fn code(self) -> i32 {
        self as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_have_the_documented_numbers() {
        assert_eq!([Priority::Low, Priority::Standard, Priority::High].map(Priority::code), [0, 1, 2]);
    }
}
