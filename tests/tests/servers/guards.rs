//! The table of actions against a service that has a mind of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use hwmigrate::progress::State;
use hwmigrate::sms::types::TaskState;
use hwmigrate::sms::{Action, Goal, Sms, ruling};
use hwmigrate_emulator::{Fault, FaultKind};
use hwmigrate_tests::sandbox::{PATIENCE, Sandbox, quickly};

use super::{quick, request, slow};

async fn until(sms: &Sms, id: &str, goal: Goal) {
    sms.tasks().wait_until(id, goal).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
}

/// What the table lets pass although the service refuses it: the table refuses only what it is sure of.
const LENIENT: &[(Action, &[TaskState], &str)] = &[
    (
        Action::MigrationTest,
        &[
            TaskState::Ready,
            TaskState::Running,
            TaskState::Syncing,
            TaskState::MigrateFail,
            TaskState::SyncFail,
            TaskState::Abort,
        ],
        "taken in only for a task that was created for a drill, which the state does not tell",
    ),
    (
        Action::NetworkCheck,
        &[
            TaskState::Running,
            TaskState::Syncing,
            TaskState::MigrateSuccess,
            TaskState::SyncSuccess,
            TaskState::SyncFRollbackSuccess,
        ],
        "no document says when the network can be measured",
    ),
    (
        Action::Skip,
        &[TaskState::Running, TaskState::Syncing],
        "taken in only at the check of consistency, which the state does not tell",
    ),
    (Action::Test, &[TaskState::MigrateSuccess, TaskState::SyncSuccess], "no document explains the action"),
    (
        Action::CloneTest,
        &[TaskState::MigrateSuccess, TaskState::SyncSuccess],
        "no document says whether a launched target can be cloned",
    ),
    (
        Action::Clear,
        &[TaskState::MigrateFail, TaskState::SyncFail, TaskState::Abort],
        "no document says when snapshots can be removed",
    ),
    (
        Action::Stop,
        &[TaskState::Skipping],
        "no document says whether a check that is passed over can be stopped",
    ),
    (
        Action::ErrorForOverspeed,
        &[TaskState::Skipping],
        "no document says whether a check that is passed over can be stopped",
    ),
];

/// Brings a server's task into a state, on a clock on which a step takes an hour.
struct Driver<'a> {
    sandbox: &'a Sandbox,
    sms: &'a Sms,
    name: String,
}

impl Driver<'_> {
    /// Moves the clock until the task is in this state.
    async fn reach(&self, id: &str, state: &TaskState) {
        let mut seen = Vec::new();
        for _ in 0..60 {
            let now = self.sms.tasks().show(id).await.unwrap().into_inner().state.unwrap();
            if now == *state {
                return;
            }
            if seen.last() != Some(&now) {
                seen.push(now);
            }
            self.sandbox.emulator.advance_clock(Duration::from_secs(20 * 60));
        }
        panic!("{} did not come to {state}: {seen:?}", self.name);
    }

    async fn act(&self, id: &str, action: Action, then: TaskState) {
        self.sms.tasks().action(id, action).await.unwrap();
        self.reach(id, &then).await;
    }

    fn fail(&self, subtask: &str) {
        let fault = FaultKind::FailSubtask {
            subtask: subtask.to_owned(),
            server: Some(self.name.clone()),
            percent: 50,
            error_json: String::new(),
        };
        self.sandbox.emulator.faults().push(Fault::new(fault));
    }

    /// A task in this state.
    async fn drive(&self, state: &TaskState) -> String {
        use TaskState as S;
        let request = request(self.sms, &self.name).await.syncing(*state != S::SyncSuccess);
        let id = self.sms.tasks().create_once(&request).await.unwrap().id;
        let first_copy = async || self.act(&id, Action::Start, S::Syncing).await;
        let moved = async || {
            first_copy().await;
            self.act(&id, Action::Cutover, S::MigrateSuccess).await;
        };
        let failed_later = async || {
            moved().await;
            self.fail("SYNC_LINUX_FILE");
            self.act(&id, Action::Restart, S::SyncFail).await;
        };
        match state {
            S::Ready => {}
            S::Running => self.act(&id, Action::Start, S::Running).await,
            S::Syncing => first_copy().await,
            S::MigrateSuccess => moved().await,
            S::MigrateFail => {
                self.fail("ATTACH_AGENT_IMAGE");
                self.act(&id, Action::Start, S::MigrateFail).await;
            }
            S::SyncSuccess => {
                self.act(&id, Action::Start, S::MigrateSuccess).await;
                self.act(&id, Action::Restart, S::SyncSuccess).await;
            }
            S::SyncFail => failed_later().await,
            S::Aborting | S::Abort | S::Reseting => {
                self.act(&id, Action::Start, S::Running).await;
                self.act(&id, Action::Stop, S::Aborting).await;
                if *state != S::Aborting {
                    self.reach(&id, &S::Abort).await;
                }
                if *state == S::Reseting {
                    self.act(&id, Action::Restart, S::Reseting).await;
                }
            }
            S::Skipping => {
                self.sms.tasks().start(&id).consistency_check(true).await.unwrap();
                while self.step(&id).await.as_deref() != Some("CHECK_CONSISTENCY") {
                    self.sandbox.emulator.advance_clock(Duration::from_secs(20 * 60));
                }
                self.act(&id, Action::Skip, S::Skipping).await;
            }
            S::Deleting => {
                self.sms.tasks().delete(&id).await.unwrap();
                self.reach(&id, &S::Deleting).await;
            }
            S::SyncFRollbacking | S::SyncFRollbackSuccess => {
                failed_later().await;
                self.act(&id, Action::SyncFailedRollback, S::SyncFRollbacking).await;
                self.reach(&id, state).await;
            }
            other => panic!("nobody knows how a task comes to be {other}"),
        }
        id
    }

    /// The step that the task is at.
    async fn step(&self, id: &str) -> Option<String> {
        let progress = self.sms.tasks().progress(id).await.unwrap();
        assert!(matches!(progress.state, State::Running), "{progress}");
        progress.step.map(|step| step.name)
    }
}

#[tokio::test]
async fn table_and_service_agree_on_every_action_in_every_state() {
    let names: Vec<String> = (0..Action::KNOWN.len()).map(|number| format!("s{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut lenient: Vec<(String, String)> = Vec::new();
    for state in TaskState::KNOWN {
        let (sandbox, sms) = slow(&names).await;
        let tasks = sms.tasks();
        let mut servers = names.iter();
        let mut ready: Option<String> = None;
        for action in Action::KNOWN {
            let id = match ready.take() {
                Some(id) => id,
                None => {
                    let driver =
                        Driver { sandbox: &sandbox, sms: &sms, name: servers.next().unwrap().to_string() };
                    driver.drive(state).await
                }
            };
            let allowed = ruling(state, action).is_allowed();
            let sent = sandbox.calls_of("UpdateTaskStatus");
            let plain = tasks.action(&id, action.clone()).await;
            if allowed {
                assert!(sandbox.calls_of("UpdateTaskStatus") > sent, "{action} while {state} was not sent");
            } else {
                assert!(plain.as_ref().is_err_and(hwmigrate::Error::is_conflict), "{action} while {state}");
                assert_eq!(sandbox.calls_of("UpdateTaskStatus"), sent, "{action} while {state} was sent");
            }
            let told = if allowed { plain } else { tasks.action(&id, action.clone()).force().await };
            match told {
                Ok(()) => assert!(allowed, "{action} while {state} is refused here and taken in there"),
                Err(error) => {
                    assert!(error.status().is_some(), "the service refuses {action} while {state}: {error}");
                    if allowed {
                        lenient.push((state.to_string(), action.to_string()));
                    }
                    assert_eq!(tasks.show(&id).await.unwrap().state.as_ref(), Some(state), "{action}");
                    ready = Some(id);
                }
            }
        }
    }
    let listed = LENIENT.iter().flat_map(|(action, states, reason)| {
        assert!(reason.len() > 20);
        states.iter().map(|state| (state.to_string(), action.to_string()))
    });
    lenient.sort();
    assert_eq!(lenient, BTreeSet::from_iter(listed).into_iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn lost_replies_are_settled_by_looking() {
    let (sandbox, sms) = quick(&["web"], |builder| builder).await;
    let tasks = sms.tasks();
    let request = request(&sms, "web").await;
    let id = tasks.create_once(&request).await.unwrap().id;
    let lose = || sandbox.emulator.faults().push(Fault::new(FaultKind::LoseReply).on("UpdateTaskStatus"));
    lose();
    tasks.start(&id).await.unwrap();
    until(&sms, &id, Goal::Syncing).await;
    lose();
    tasks.cutover(&id).await.unwrap();
    until(&sms, &id, Goal::MigrateSuccess).await;
    assert_eq!(sandbox.calls_of("UpdateTaskStatus"), 2, "each was sent once");
    assert_eq!(tasks.progress(&id).await.unwrap().state, State::Succeeded);
}
