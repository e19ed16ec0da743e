//! What may stand on the command line.
//!
//! The doc comments of this module are the help texts, and the reference page
//! `docs/cli.md` is written from the same tree.

mod input;
pub(crate) mod oms;
mod serve;
pub(crate) mod sms;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};

pub(crate) use input::Input;
pub(crate) use serve::Serve;

use crate::clock;
use crate::duration::Span;
use crate::secret::SecretRef;
use oms::OmsCommand;
use sms::SmsCommand;

/// Move buckets and servers to Huawei Cloud, unattended, and know how it ended.
///
/// Data goes to the standard output, everything for people to the error
/// stream. Settings are taken from arguments, then from the environment
/// (HUAWEICLOUD_SDK_*, HW_*), then from the profile file. Secrets are never
/// arguments: give env:NAME, file:PATH, cmd:COMMAND or prompt.
#[derive(Debug, Parser)]
#[command(name = "hwmigrate", version, max_term_width = 100, args_override_self = true)]
#[command(after_long_help = "Examples:
  Try a whole migration between two folders, without an account:
    hwmigrate oms migrate --emulator ./from ./to
  Check the credentials in the environment:
    hwmigrate login --region cn-north-4
  Move a bucket, follow it, retry what failed:
    hwmigrate oms migrate aws://eu-west-1/photos obs://cn-north-4/archive \\
      --source-ak env:AWS_AK --source-sk env:AWS_SK --dest-ak env:OBS_AK --dest-sk env:OBS_SK")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// The argument tree with the parts of the help that are computed.
    pub(crate) fn tree() -> clap::Command {
        let tree = Self::command();
        let examples = tree.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        tree.after_long_help(format!("{examples}\n\n{}", crate::exit::help_text().trim_end()))
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check the credentials and show whom they belong to
    ///
    /// Prints project, domain, user and expiry, never the token. Nothing is stored.
    #[command(after_long_help = "Examples:
  hwmigrate login --region cn-north-4 --auth-domain acme --auth-user ops --auth-password prompt
  hwmigrate login --profile production --output json")]
    Login,
    /// Object Storage Migration Service: migrate buckets
    #[command(subcommand)]
    Oms(OmsCommand),
    /// Server Migration Service: migrate servers
    #[command(subcommand)]
    Sms(SmsCommand),
    /// Call any operation by its documented id, JSON in and out
    #[command(after_long_help = "Examples:
  hwmigrate api --list
  hwmigrate api ShowTask --param task_id=42
  hwmigrate api sms.ShowTask --param task_id=7be0…
  hwmigrate api CreateTask --skeleton > task.json
  hwmigrate api CreateTask --input task.json")]
    Api(Api),
    /// Run the offline stand-in for IAM, OMS and SMS on this machine
    #[command(after_long_help = "Examples:
  hwmigrate emulator --bucket photos=./from --bucket archive=./to \\
    --user acme/ops=env:OPS_PASSWORD --access-key MYAK=env:MYSK

The line on the standard output has `url` and `pid`; point a client to it with
  --iam-endpoint URL --oms-endpoint URL --sms-endpoint URL")]
    Emulator(Serve),
    /// Write the completion script of a shell to the standard output
    #[command(after_long_help = "Examples:
  hwmigrate completions bash > ~/.local/share/bash-completion/completions/hwmigrate
  hwmigrate completions zsh > \"${fpath[1]}/_hwmigrate\"
  hwmigrate completions fish > ~/.config/fish/completions/hwmigrate.fish")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the reference page of all commands as Markdown
    #[command(name = "__reference", hide = true)]
    Reference,
}

/// Options that every command takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// Form of the data on the standard output
    #[arg(long, short = 'o', global = true, value_enum, default_value_t = Format::Table, value_name = "FORM")]
    pub(crate) output: Format,
    /// Time limit of the whole command, such as 90s, 1h30m or 3d
    ///
    /// It counts from the start, secrets that have to be fetched included.
    /// Commands that wait for a job stop waiting then (the job goes on) and
    /// end with 10; a look that is under way gets 5 seconds more for its
    /// answer. A create whose answer is missing then ends with 13 and the mark
    /// of the job. Without a limit they wait for 7 days at most, and single
    /// calls keep to the limits of the client.
    #[arg(long, global = true, value_name = "SPAN")]
    pub(crate) timeout: Option<Span>,
    /// Say more on the error stream: -v information, -vv details, -vvv everything
    #[arg(long, short = 'v', global = true, action = ArgAction::Count, help_heading = "Messages")]
    pub(crate) verbose: u8,
    /// Say nothing but errors on the error stream
    #[arg(long, short = 'q', global = true, conflicts_with = "verbose", help_heading = "Messages")]
    pub(crate) quiet: bool,
    /// Level of the log on the error stream; without it -v decides
    #[arg(long, global = true, value_enum, value_name = "LEVEL", help_heading = "Messages")]
    pub(crate) log_level: Option<LogLevel>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

impl Global {
    /// What is left of the limit of the whole command, if there is one.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.timeout.map(|span| span.0.saturating_sub(clock::running()))
    }

    /// Whether programs read what this command says.
    pub(crate) fn wants_json(&self) -> bool {
        self.output != Format::Table
    }
}

/// Where to connect to and as whom.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Region of the service; destinations and targets are in it unless their own options say otherwise
    #[arg(long, global = true, hide_short_help = true, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Project id; looked up by the region's name if not given
    #[arg(long, global = true, hide_short_help = true, value_name = "ID")]
    pub(crate) project_id: Option<String>,
    /// Section of the profile file to use
    #[arg(long, global = true, hide_short_help = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Profile file to read instead of the usual places
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub(crate) profile_file: Option<PathBuf>,
    /// Address of a service, such as oms=http://127.0.0.1:8080; may be repeated
    #[arg(long, global = true, hide_short_help = true, value_name = "SERVICE=URL", value_parser = endpoint)]
    pub(crate) endpoint: Vec<(String, String)>,
    /// Address of IAM
    #[arg(long, global = true, hide_short_help = true, value_name = "URL")]
    pub(crate) iam_endpoint: Option<String>,
    /// Address of OMS
    #[arg(long, global = true, hide_short_help = true, value_name = "URL")]
    pub(crate) oms_endpoint: Option<String>,
    /// Address of SMS
    #[arg(long, global = true, hide_short_help = true, value_name = "URL")]
    pub(crate) sms_endpoint: Option<String>,
    /// Send credentials over plain http to other machines, too
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) allow_plain_http: bool,
    /// Proxy for all requests; where a password belongs to it, a reference to the address
    #[arg(long, global = true, hide_short_help = true, value_name = "URL|REF")]
    pub(crate) proxy: Option<String>,
    /// Certificates (PEM) to trust beside those of the system
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Domain (account) name of the user who logs in
    #[arg(long, global = true, hide_short_help = true, value_name = "NAME", requires = "auth_user")]
    pub(crate) auth_domain: Option<String>,
    /// Name of the user who logs in
    #[arg(long, global = true, hide_short_help = true, value_name = "NAME", requires_all = ["auth_domain", "auth_password"])]
    pub(crate) auth_user: Option<String>,
    /// Where the user's password is found
    #[arg(long, global = true, hide_short_help = true, value_name = "REF", requires = "auth_user")]
    pub(crate) auth_password: Option<SecretRef>,
    /// Where a token is found that was made elsewhere
    #[arg(long, global = true, hide_short_help = true, value_name = "REF", conflicts_with_all = ["auth_user", "auth_access_key"])]
    pub(crate) auth_token: Option<SecretRef>,
    /// Log in with the keys of the agency of the cloud server (ECS) that this runs on
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        conflicts_with_all = ["auth_user", "auth_token", "auth_access_key"]
    )]
    pub(crate) auth_metadata: bool,
    /// Where an access key id is found
    #[arg(
        long,
        global = true,
        value_name = "REF",
        requires = "auth_secret_key",
        conflicts_with = "auth_user"
    )]
    pub(crate) auth_access_key: Option<SecretRef>,
    /// Where the secret access key is found
    #[arg(long, global = true, hide_short_help = true, value_name = "REF", requires = "auth_access_key")]
    pub(crate) auth_secret_key: Option<SecretRef>,
    /// Where the security token of a temporary access key is found
    #[arg(long, global = true, hide_short_help = true, value_name = "REF", requires = "auth_access_key")]
    pub(crate) auth_security_token: Option<SecretRef>,
}

/// Form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    Table,
    /// One JSON document
    Json,
    /// One JSON object on each line, as it comes
    Ndjson,
}

/// Level of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// No log
    Off,
    /// Errors
    Error,
    /// Warnings
    Warn,
    /// One line for each step
    Info,
    /// Attempts, waits and decisions
    Debug,
    /// Everything
    Trace,
}

/// A call by operation id.
#[derive(Args, Debug)]
pub(crate) struct Api {
    /// Documented id, such as ShowTask, or with its service, such as sms.ShowTask
    ///
    /// OMS and SMS share some ids; such an id alone is that of OMS.
    #[arg(required_unless_present = "list")]
    pub(crate) operation: Option<String>,
    /// Parameter of path, query or header; the project id is filled in; may be repeated
    ///
    /// Of parameters that carry a secret the value is a reference, such as
    /// X-Subject-Token=env:TOKEN.
    #[arg(long, short = 'p', value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) param: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) input: Input,
    /// List the operations
    #[arg(long, conflicts_with_all = ["operation", "param", "input", "skeleton"])]
    pub(crate) list: bool,
}

pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

fn endpoint(text: &str) -> Result<(String, String), String> {
    let (name, url) = pair(text).map_err(|_| "write it as SERVICE=URL, such as oms=http://127.0.0.1:8080")?;
    if ["iam", "oms", "sms"].contains(&name.as_str()) {
        Ok((name, url))
    } else {
        Err(format!("there is no service {name:?}; known are iam, oms and sms"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_tree_is_sound() {
        Cli::tree().debug_assert();
    }

    #[test]
    fn every_command_explains_itself() {
        fn walk(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            assert!(command.get_about().is_some(), "{path} has no help text");
            for arg in
                command.get_arguments().filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()))
            {
                assert!(arg.get_help().is_some(), "{path} {} has no help text", arg.get_id());
            }
            for sub in command.get_subcommands() {
                walk(sub, &path);
            }
        }
        walk(&Cli::tree(), "");
    }

    #[test]
    fn parameters_need_a_name() {
        assert_eq!(pair("a=b=c").unwrap(), ("a".to_owned(), "b=c".to_owned()));
        assert!(pair("=b").is_err());
        assert!(pair("a").is_err());
        assert!(endpoint("obs=http://x").unwrap_err().contains("oms"));
    }
}
