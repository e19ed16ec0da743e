//! Which action is allowed in which state of a task, and what it sets off.
//!
//! Written from the documented states and from the few transitions that the
//! documents explain; where they are silent the simplest reading is taken.

use super::words::{Action, TaskState};

/// What decides about an action, beside the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Situation {
    pub(crate) state: TaskState,
    /// Whether a run of sub-tasks is under way or interrupted.
    pub(crate) in_run: bool,
    /// Whether the current sub-task is the consistency check.
    pub(crate) checking: bool,
    /// Whether the task was created for a drill.
    pub(crate) drill: bool,
    /// Whether the drill is going on.
    pub(crate) drilling: bool,
}

/// What an allowed action sets off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The first copy.
    Replicate,
    /// Going on with the run that was interrupted, or with the continuous synchronisation.
    Resume,
    /// Launching the target.
    Cutover,
    /// Synchronising once more.
    Resync,
    Abort,
    /// Rolling back, then the first copy again.
    Reset,
    /// Rolling back a failed synchronisation.
    RollBack,
    /// Leaving out the consistency check.
    Skip,
    Drill,
    Clone,
    MeasureNetwork,
    ClearSnapshots,
    CollectLog,
}

/// Why an action is not allowed. Each has a documented code, as far as there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It can only be paused while it runs.
    NotRunning,
    /// It can only be started when it is new, paused or failed.
    NotStartable,
    /// It can only be started anew after an end.
    NotRestartable,
    /// The state does not allow it; no code is documented.
    WrongState,
}

/// Decides about an action.
pub(crate) fn act(at: Situation, action: Action) -> Result<Effect, Refusal> {
    use TaskState::{
        Abort, Deleting, MigrateFail, MigrateSuccess, Ready, Running, SyncFRollbackSuccess, SyncFail,
        SyncSuccess, Syncing,
    };
    let steady = at.state == Syncing && !at.in_run;
    match (action, at.state) {
        (Action::Start, Ready) if !at.drilling => Ok(Effect::Replicate),
        (Action::Start, Abort | MigrateFail | SyncFail) => Ok(Effect::Resume),
        (Action::Start | Action::Restart, SyncFRollbackSuccess) => Ok(Effect::Resync),
        (Action::Start, _) => Err(Refusal::NotStartable),

        (Action::Stop | Action::ErrorForOverspeed, Running | Syncing) => Ok(Effect::Abort),
        (Action::Stop | Action::ErrorForOverspeed, _) => Err(Refusal::NotRunning),

        (Action::Cutover | Action::Test, Syncing) if steady => Ok(Effect::Cutover),
        (Action::CloneTest, Syncing) if steady => Ok(Effect::Clone),

        (Action::Restart, MigrateSuccess | SyncSuccess | SyncFail) => Ok(Effect::Resync),
        (Action::Restart, Abort | MigrateFail) => Ok(Effect::Reset),
        (Action::Restart, _) => Err(Refusal::NotRestartable),

        (Action::NetworkCheck, Ready | Abort | MigrateFail | SyncFail) => Ok(Effect::MeasureNetwork),
        (Action::Skip, Running) if at.checking => Ok(Effect::Skip),
        (Action::Clear, MigrateSuccess | SyncSuccess | SyncFRollbackSuccess) => Ok(Effect::ClearSnapshots),
        (Action::MigrationTest, Ready) if at.drill && !at.drilling => Ok(Effect::Drill),
        (Action::SyncFailedRollback, SyncFail) => Ok(Effect::RollBack),
        (Action::CollectLog, state) if state != Deleting => Ok(Effect::CollectLog),
        _ => Err(Refusal::WrongState),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the order of [`Action::ALL`].
    const HEAD: &str =
        "start stop test cutover clone restart network skip clear drill overspeed log rollback";

    /// One row per state: the effect, or in brackets the refusal.
    const TABLE: [(&str, &str); 14] = [
        ("READY", "replicate (run) - - - (restart) network - - - (run) log -"),
        ("RUNNING", "(start) abort - - - (restart) - - - - abort log -"),
        ("SYNCING", "(start) abort cutover cutover clone (restart) - - - - abort log -"),
        ("MIGRATE_SUCCESS", "(start) (run) - - - resync - - clear - (run) log -"),
        ("MIGRATE_FAIL", "resume (run) - - - reset network - - - (run) log -"),
        ("SYNC_SUCCESS", "(start) (run) - - - resync - - clear - (run) log -"),
        ("SYNC_FAIL", "resume (run) - - - resync network - - - (run) log rollback"),
        ("ABORTING", "(start) (run) - - - (restart) - - - - (run) log -"),
        ("ABORT", "resume (run) - - - reset network - - - (run) log -"),
        ("SKIPPING", "(start) (run) - - - (restart) - - - - (run) log -"),
        ("DELETING", "(start) (run) - - - (restart) - - - - (run) - -"),
        ("RESETING", "(start) (run) - - - (restart) - - - - (run) log -"),
        ("SYNC_F_ROLLBACKING", "(start) (run) - - - (restart) - - - - (run) log -"),
        ("SYNC_F_ROLLBACK_SUCCESS", "resync (run) - - - resync - - clear - (run) log -"),
    ];

    fn shown(result: Result<Effect, Refusal>) -> &'static str {
        match result {
            Ok(Effect::Replicate) => "replicate",
            Ok(Effect::Resume) => "resume",
            Ok(Effect::Cutover) => "cutover",
            Ok(Effect::Resync) => "resync",
            Ok(Effect::Abort) => "abort",
            Ok(Effect::Reset) => "reset",
            Ok(Effect::RollBack) => "rollback",
            Ok(Effect::Skip) => "skip",
            Ok(Effect::Drill) => "drill",
            Ok(Effect::Clone) => "clone",
            Ok(Effect::MeasureNetwork) => "network",
            Ok(Effect::ClearSnapshots) => "clear",
            Ok(Effect::CollectLog) => "log",
            Err(Refusal::NotRunning) => "(run)",
            Err(Refusal::NotStartable) => "(start)",
            Err(Refusal::NotRestartable) => "(restart)",
            Err(Refusal::WrongState) => "-",
        }
    }

    fn plain(state: TaskState) -> Situation {
        Situation { state, in_run: false, checking: false, drill: false, drilling: false }
    }

    #[test]
    fn every_action_in_every_state_follows_the_table() {
        assert_eq!(TABLE.len(), TaskState::ALL.len());
        assert_eq!(HEAD.split(' ').count(), Action::ALL.len());
        for ((state, row), wanted) in TABLE.into_iter().zip(TaskState::ALL) {
            assert_eq!(state, wanted.word());
            let got: Vec<_> = Action::ALL.iter().map(|action| shown(act(plain(*wanted), *action))).collect();
            assert_eq!(got.join(" "), row, "in {state}: {HEAD}");
        }
    }

    #[test]
    fn runs_and_drills_decide_too() {
        let resyncing = Situation { in_run: true, ..plain(TaskState::Syncing) };
        for action in [Action::Cutover, Action::Test, Action::CloneTest] {
            assert_eq!(act(resyncing, action), Err(Refusal::WrongState), "{action}");
        }
        let checking = Situation { in_run: true, checking: true, ..plain(TaskState::Running) };
        assert_eq!(act(checking, Action::Skip), Ok(Effect::Skip));
        let drill = Situation { drill: true, ..plain(TaskState::Ready) };
        assert_eq!(act(drill, Action::MigrationTest), Ok(Effect::Drill));
        assert_eq!(act(drill, Action::Start), Ok(Effect::Replicate));
        let drilling = Situation { drilling: true, ..drill };
        assert_eq!(act(drilling, Action::MigrationTest), Err(Refusal::WrongState));
        assert_eq!(act(drilling, Action::Start), Err(Refusal::NotStartable));
    }

    #[test]
    fn words_read_back() {
        for action in Action::ALL {
            assert_eq!(Action::of(action.word()), Some(*action));
        }
        assert_eq!(Action::of("START"), None);
    }
}
