//! What can be done with a task, in one word.

use std::fmt;
use std::str::FromStr;

/// What a task is told to do: the `operation` of the action call.
///
/// The list grows with the service and differs between its documents, so it is
/// open: a word that this version does not know is kept as
/// [`Unknown`](Action::Unknown) and sent as it stands.
///
/// | action | word | documented |
/// |---|---|---|
/// | `Start`, `Stop`, `Test`, `CloneTest`, `Restart` | as written, `clone_test` | in every source |
/// | `NetworkCheck` | `network_check` | since 2023 |
/// | `Skip`, `Clear`, `MigrationTest` | `migration_test` | since 2025 |
/// | `Cutover` | `cutover` | in the text of 2026, not in the list beside it |
/// | `ErrorForOverspeed` | `error_for_overspeed` | likewise; agents send it |
/// | `CollectLog`, `SyncFailedRollback` | `collect_log`, `sync_failed_rollback` | until June 2024 |
///
/// ```
/// use hwmigrate::sms::Action;
///
/// let action: Action = "clone_test".parse().unwrap();
/// assert_eq!(action, Action::CloneTest);
/// assert_eq!(Action::from("defrost").as_str(), "defrost");
/// ```
///
/// Source: <https://support.huaweicloud.com/api-sms/UpdateTaskStatus.html>.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Start the task, or go on with it after a stop or a failure.
    Start,
    /// Pause the task; it may be started again.
    Stop,
    /// Named `test` and explained nowhere.
    Test,
    /// Launch the target: the end of the migration.
    Cutover,
    /// Clone the target, to test the clone.
    CloneTest,
    /// Start again; by older texts, resume the live synchronisation.
    Restart,
    /// Measure the network between source and target.
    NetworkCheck,
    /// Skip the consistency check that the task is at.
    Skip,
    /// Remove the snapshots of the target.
    Clear,
    /// Start a migration drill.
    MigrationTest,
    /// Pause, because the rate was far above its limit. The agent says so by itself.
    ErrorForOverspeed,
    /// Collect the logs. Withdrawn; [`Tasks::collect_log`](super::Tasks::collect_log) does it now.
    CollectLog,
    /// Roll the target back after a failed synchronisation. Withdrawn from the documents.
    SyncFailedRollback,
    /// A word that this version does not know; sent as it stands.
    Unknown(String),
}

impl Action {
    /// Every action with a name of its own, in the order of the documents.
    pub const KNOWN: [Self; 13] = [
        Self::Start,
        Self::Stop,
        Self::Test,
        Self::Cutover,
        Self::CloneTest,
        Self::Restart,
        Self::NetworkCheck,
        Self::Skip,
        Self::Clear,
        Self::MigrationTest,
        Self::ErrorForOverspeed,
        Self::CollectLog,
        Self::SyncFailedRollback,
    ];

    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Test => "test",
            Self::Cutover => "cutover",
            Self::CloneTest => "clone_test",
            Self::Restart => "restart",
            Self::NetworkCheck => "network_check",
            Self::Skip => "skip",
            Self::Clear => "clear",
            Self::MigrationTest => "migration_test",
            Self::ErrorForOverspeed => "error_for_overspeed",
            Self::CollectLog => "collect_log",
            Self::SyncFailedRollback => "sync_failed_rollback",
            Self::Unknown(word) => word,
        }
    }
}

impl From<&str> for Action {
    fn from(word: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|action| action.as_str() == word);
        known.unwrap_or_else(|| Self::Unknown(word.to_owned()))
    }
}

impl From<String> for Action {
    fn from(word: String) -> Self {
        Self::from(word.as_str())
    }
}

impl FromStr for Action {
    type Err = std::convert::Infallible;

    /// Never fails: other words are [`Unknown`](Action::Unknown).
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(Self::from(word))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_unknown_words_are_kept() {
        for action in Action::KNOWN {
            assert_eq!(Action::from(action.as_str()), action);
            assert!(!matches!(Action::from(action.to_string()), Action::Unknown(_)), "{action}");
        }
        assert_eq!(Action::from("defrost"), Action::Unknown("defrost".to_owned()));
        assert_eq!(
            Action::from("START"),
            Action::Unknown("START".to_owned()),
            "the service spells in lower case"
        );
    }
}
