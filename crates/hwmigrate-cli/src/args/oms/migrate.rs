//! Arguments of `oms migrate`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::job::Job;
use crate::duration::Span;

/// The end of the help of `oms migrate`.
pub(crate) const EXAMPLES: &str = "Examples:
  Between two folders, through an emulator inside this command, with the client code of a real run:
    hwmigrate oms migrate --emulator ./from ./to
  From another cloud:
    hwmigrate oms migrate aws://eu-west-1/photos/2026/ obs://cn-north-4/archive/photos/ \\
      --source-ak env:AWS_AK --source-sk env:AWS_SK --dest-ak env:OBS_AK --dest-sk env:OBS_SK
  Follow a task that is already there:
    hwmigrate oms migrate --task-id 42 --timeout 3d

An address is CLOUD://REGION/BUCKET/PREFIX. CLOUD is one of aws, azure, aliyun, tencent,
huaweicloud (or obs), qingcloud, kingsoftcloud, baidu, qiniu, ucloud, google.

With --output json the standard output is one object: task_id, status (succeeded, failed,
paused), objects {total, done, failed, skipped}, bytes {total, done}, elapsed_ms, rounds,
failed_list, error. With --output ndjson there is a line for each look at the task, too.

With --emulator a list of the objects that failed lies below oms/failed_object_lists/ in DST. A
later run leaves it there: delete it when it is read. The name .hwmigrate-partial at the top of
a folder is kept for unfinished files; a SRC that has files below it is refused.

Ctrl-C ends the following, not the task; run the command again with --task-id to go on.";

/// A whole migration.
#[derive(Args, Debug)]
pub(crate) struct Migrate {
    /// Where the objects are: CLOUD://REGION/BUCKET/PREFIX, or a folder with --emulator
    #[arg(value_name = "SRC")]
    pub(crate) from: Option<OsString>,
    /// Where the objects go: obs://REGION/BUCKET/PREFIX, or a folder with --emulator
    #[arg(value_name = "DST")]
    pub(crate) to: Option<OsString>,
    /// Run an emulator inside this command; SRC and DST are folders
    #[arg(long)]
    pub(crate) emulator: bool,
    /// Folder that keeps the emulator's tasks over runs; temporary if not given
    #[arg(long, value_name = "DIR", requires = "emulator")]
    pub(crate) state: Option<PathBuf>,
    /// Follow this task instead of creating one
    #[arg(long, value_name = "ID")]
    pub(crate) task_id: Option<u64>,
    /// Start again with the failed objects only, so many times at most
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    pub(crate) rounds: u32,
    /// Pause the task when this command is interrupted or its time is up
    #[arg(long)]
    pub(crate) stop_on_interrupt: bool,
    /// Say so when the running task has moved nothing for this long
    #[arg(long, value_name = "SPAN")]
    pub(crate) stall_after: Option<Span>,
    #[command(flatten)]
    pub(crate) job: Job,
    /// Scheduling priority
    #[arg(long, value_enum, help_heading = "Job", value_name = "PRIORITY")]
    pub(crate) priority: Option<super::task::Priority>,
}
