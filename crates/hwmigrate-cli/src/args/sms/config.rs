//! Arguments of `sms config`.

use clap::Subcommand;

use crate::args::Input;

/// Settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show the settings that the service gives to agents, and its regions
    Show,
    /// Show the special options of a task
    Get {
        /// Task id
        id: String,
        /// Only this option, such as MIGRATE_EXCLUDE_DIR
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
    /// Set special options of a task, such as folders that are left out
    #[command(after_long_help = "Examples:
  hwmigrate sms config set 7be0… MIGRATE_EXCLUDE_DIR=/var/cache SYNC_EXCLUDE_DIR=/var/cache
  hwmigrate sms config set 7be0… LINUX_CPU_LIMIT=50

Keys that are documented: MIGRATE_EXCLUDE_DIR, SYNC_EXCLUDE_DIR, ONLY_SYNC_DIR, CONSISTENCY_DIR,
CONSISTENCY_MODE, CONSISTENCY_RECHECK, LINUX_CPU_LIMIT, LINUX_MEM_LIMIT, LINUX_IO_LIMIT,
LINUX_BLOCK_CACHE_SIZE, LINUX_BLOCK_COMPRESS_THREAD_NUM, NUM_PROCESS_MIGRATE, NUM_PROCESS_SYNC,
MIGRATE_DST_IP, DYNAMIC_PORT, INSTALL_PWD_AGENT.")]
    Set {
        /// Task id
        id: String,
        /// Option and value; the agent interprets the value
        #[arg(value_name = "KEY=VALUE", value_parser = crate::args::pair,
              required_unless_present_any = ["input", "skeleton"])]
        options: Vec<(String, String)>,
        #[command(flatten)]
        input: Input,
    },
}
