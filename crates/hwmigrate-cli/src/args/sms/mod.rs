//! Arguments of `sms`.

mod agent;
mod config;
mod migrate;
mod project;
mod server;
mod target;
mod task;
mod template;

use clap::Subcommand;

pub(crate) use agent::AgentCommand;
pub(crate) use config::ConfigCommand;
pub(crate) use migrate::Migrate;
pub(crate) use project::{ProjectCommand, ProjectFields};
pub(crate) use server::{ServerCommand, ServerList};
pub(crate) use target::{Kind, Place, Target};
pub(crate) use task::{ActionCommand, TaskAction, TaskCommand, TaskCreate, TaskList};
pub(crate) use template::{TemplateCommand, TemplateFields};

/// Server Migration Service.
#[derive(Debug, Subcommand)]
pub(crate) enum SmsCommand {
    /// Move servers: create their tasks or take them up, start, follow, report
    #[command(after_long_help = migrate::EXAMPLES)]
    Migrate(Box<Migrate>),
    /// Source servers
    #[command(subcommand)]
    Server(ServerCommand),
    /// Migration tasks, one for each server that is moved
    #[command(subcommand)]
    Task(Box<TaskCommand>),
    /// Templates of target servers
    #[command(subcommand)]
    Template(TemplateCommand),
    /// Migration projects: named sets of settings that source servers belong to
    #[command(subcommand)]
    Project(ProjectCommand),
    /// Settings of the service and special options of tasks
    #[command(subcommand)]
    Config(ConfigCommand),
    /// What the agent on a source server calls by itself, for tests and agents of your own
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Show whether the privacy terms are accepted
    Privacy,
    /// Record that you accept the privacy terms of the service
    AgreePrivacy {
        /// Confirm that you have read and accept them; without it nothing is sent
        #[arg(long)]
        yes: bool,
    },
    /// List the versions of the service's interface
    Versions,
    /// Show one version of the service's interface
    Version {
        /// Version, such as v3
        #[arg(value_name = "VERSION")]
        name: String,
    },
}
