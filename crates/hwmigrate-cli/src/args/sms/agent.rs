//! Arguments of `sms agent`.

use std::path::PathBuf;

use clap::Subcommand;

use crate::args::Input;

/// Calls of the agent on a source server.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Register a source server, or report its facts again
    #[command(after_long_help = "Examples:
  hwmigrate sms agent register --skeleton > server.json
  hwmigrate sms agent register --input server.json")]
    Register {
        #[command(flatten)]
        input: Input,
    },
    /// Set the copy state and the stage of a source server
    ///
    /// The service accepts it and does nothing while the server is
    /// unavailable, stopping, stopped or being deleted.
    CopyState {
        /// Source server id
        id: String,
        /// Copy state, such as replicate or syncing
        #[arg(value_name = "STATE", required_unless_present_any = ["input", "skeleton"])]
        state: Option<String>,
        /// Stage, such as replicating or syncing
        #[arg(value_name = "STAGE", required_unless_present_any = ["input", "skeleton"])]
        stage: Option<String>,
        #[command(flatten)]
        input: Input,
    },
    /// Replace the facts about disks and volumes of a source server
    Disks {
        /// Source server id
        id: String,
        #[command(flatten)]
        input: Input,
    },
    /// Fetch the next command for a source server
    Command {
        /// Source server id
        id: String,
    },
    /// Report the result of a command
    CommandResult {
        /// Source server id
        id: String,
        /// Command, such as START
        #[arg(value_name = "COMMAND", required_unless_present_any = ["input", "skeleton"])]
        command: Option<String>,
        /// Whether it worked
        #[arg(value_name = "RESULT", value_parser = ["success", "fail"], required_unless_present_any = ["input", "skeleton"])]
        result: Option<String>,
        #[command(flatten)]
        input: Input,
    },
    /// Report progress and rate of the current step of a task
    Progress {
        /// Task id
        id: String,
        #[command(flatten)]
        input: Input,
    },
    /// Report a measurement of the network
    Network {
        /// Task id
        id: String,
        #[command(flatten)]
        input: Input,
    },
    /// Report the result of a consistency check
    Consistency {
        /// Task id
        id: String,
        #[command(flatten)]
        input: Input,
    },
    /// Fetch the passphrase of the secure channel's certificate
    ///
    /// It is never printed: --to names a file that nobody else may read.
    Passphrase {
        /// Task id
        id: String,
        /// File to write it to; must not exist yet
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Fetch certificates and private keys of the secure channel
    ///
    /// They are never printed: --to names a folder, in which nobody else may
    /// read them.
    Certificates {
        /// Task id
        id: String,
        /// Folder to write them to; must not exist yet
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Ask for the certificate of the authority, too
        #[arg(long)]
        ca: bool,
    },
}
