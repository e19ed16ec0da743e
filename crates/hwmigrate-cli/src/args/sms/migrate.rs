//! Arguments of `sms migrate`.

use std::path::PathBuf;

use clap::Args;

use super::target::Target;
use crate::duration::Span;

/// The end of the help of `sms migrate`.
pub(crate) const EXAMPLES: &str = "Examples:
  Keep two servers in step with targets made from a template, at most 100 Mbit/s each:
    hwmigrate sms migrate 9d2c… 77ab… --template-id 31f0… --speed-limit 100Mbit/s
  Go on to the end, launching the targets:
    hwmigrate sms migrate 9d2c… 77ab… --cut-over
  Many servers, four at a time; the file names one on each line:
    hwmigrate sms migrate --servers-from wave.txt --at-once 4 --template-id 31f0… --cut-over
  See how it looks, without an account and without moving any server:
    hwmigrate sms migrate --emulator web-1 db-1 --cut-over

A server that has a task already keeps it: the task is started if it stands still, and followed.
Speed limits are set on it; what else is said of its target does not change it, and is refused
where it names another target (--template-id, --target-vm, region or project) than the task has.
Without --cut-over the command ends when all servers are syncing; run it again with --cut-over
when the time has come. A server that is not syncing is never told to cut over.

With --output json the standard output is one object: status (succeeded, syncing, paused,
unfinished or failed: the worst of all servers), counts {total, succeeded, syncing, paused,
unfinished, failed}, elapsed_ms, and servers, of which each has server_id, name, task_id,
adopted, status, state, source_state, cut_over, phases [{name, kind, state, percent}],
bytes {total, done}, elapsed_ms and, if there is one, error.
With --output ndjson there is a line for each look at a task, too, and one before each create
(event creating, with task_name), so that a task can be found if the command is killed amid it.

Ctrl-C ends the following, not the tasks; run the command again to go on. If it comes while a task
is created, the error names the task that may exist. After --stop-on-interrupt, status and state
are those after the stop.";

/// Servers to be moved.
#[derive(Args, Clone, Debug)]
pub(crate) struct Migrate {
    /// Source servers: ids, or names where only one server has the name
    #[arg(value_name = "SERVER", required_unless_present = "servers_from")]
    pub(crate) servers: Vec<String>,
    /// Read servers from a file, one on each line, or from the standard input with -
    #[arg(long, value_name = "FILE|-")]
    pub(crate) servers_from: Option<PathBuf>,
    /// Launch the targets as soon as they are in step, instead of stopping there
    #[arg(long)]
    pub(crate) cut_over: bool,
    /// Move at most so many servers at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    pub(crate) at_once: usize,
    /// Begin the next servers only when all that are under way are through
    #[arg(long)]
    pub(crate) in_waves: bool,
    /// Limit for each server, such as 100Mbit/s, or for a time of day 08:00-20:00=50Mbit/s; up to 5;
    /// set before a task is started
    #[arg(long, value_name = "LIMIT")]
    pub(crate) speed_limit: Vec<String>,
    /// Pause the tasks when this command is interrupted or its time is up, and wait up to
    /// two minutes until that is done
    #[arg(long)]
    pub(crate) stop_on_interrupt: bool,
    /// Say so when a running task has moved nothing for this long
    #[arg(long, value_name = "SPAN")]
    pub(crate) stall_after: Option<Span>,
    /// Run an emulator inside this command; SERVERs are names of servers it makes up, and nothing is moved
    #[arg(long)]
    pub(crate) emulator: bool,
    #[command(flatten)]
    pub(crate) target: Target,
}
