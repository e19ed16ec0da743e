//! The table of actions against a service that has a mind of its own.

use hwmigrate::progress::State;
use hwmigrate::sms::types::TaskState;
use hwmigrate::sms::{Action, Goal, Sms, ruling};
use hwmigrate_emulator::{Fault, FaultKind};
use hwmigrate_tests::sandbox::{PATIENCE, Sandbox, quickly};

use super::{quick, request};

async fn until(sms: &Sms, id: &str, goal: Goal) {
    sms.tasks().wait_until(id, goal).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
}

/// Whatever the table refuses in the present state of a task, the service refuses too.
async fn agree(sandbox: &Sandbox, sms: &Sms, id: &str, state: TaskState) {
    let tasks = sms.tasks();
    assert_eq!(tasks.show(id).await.unwrap().state, Some(state.clone()));
    for action in Action::KNOWN.iter().filter(|action| !ruling(&state, action).is_allowed()) {
        let sent = sandbox.calls_of("UpdateTaskStatus");
        assert!(tasks.action(id, action.clone()).await.unwrap_err().is_conflict(), "{action} while {state}");
        assert_eq!(sandbox.calls_of("UpdateTaskStatus"), sent, "{action} while {state} was sent");
        let forced = tasks.action(id, action.clone()).force().await;
        assert!(forced.is_err(), "{action} while {state} is refused here and taken in there");
    }
    assert_eq!(tasks.show(id).await.unwrap().state, Some(state), "a refused action changed something");
}

#[tokio::test]
async fn table_is_never_stricter_than_the_service() {
    let fault = Fault::new(FaultKind::fail_subtask("ATTACH_AGENT_IMAGE"));
    let (sandbox, sms) = quick(&["web"], |builder| builder.fault(fault)).await;
    let tasks = sms.tasks();
    let request = request(&sms, "web").await;
    let id = tasks.create_once(&request).await.unwrap().id;
    agree(&sandbox, &sms, &id, TaskState::Ready).await;
    tasks.start(&id).await.unwrap();
    let failed = tasks.wait_until(&id, Goal::Syncing).poll(quickly()).deadline(PATIENCE).wait().await;
    assert!(failed.unwrap_err().is_job_failed());
    agree(&sandbox, &sms, &id, TaskState::MigrateFail).await;
    tasks.start(&id).await.unwrap();
    until(&sms, &id, Goal::Syncing).await;
    agree(&sandbox, &sms, &id, TaskState::Syncing).await;
    tasks.stop(&id).await.unwrap();
    until(&sms, &id, Goal::Aborted).await;
    agree(&sandbox, &sms, &id, TaskState::Abort).await;
    tasks.start(&id).await.unwrap();
    until(&sms, &id, Goal::Syncing).await;
    tasks.cutover(&id).await.unwrap();
    until(&sms, &id, Goal::MigrateSuccess).await;
    agree(&sandbox, &sms, &id, TaskState::MigrateSuccess).await;
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
