//! Waits for a task from its first start to its second cut-over.

use std::time::Duration;

use hwmigrate::ErrorKind;
use hwmigrate::progress::{PhaseKind, Progress, State, StepState};
use hwmigrate::sms::{Goal, Sms};
use hwmigrate::wait::{PollPolicy, Waiter};
use hwmigrate_emulator::{Fault, FaultKind};
use hwmigrate_tests::sandbox::{PATIENCE, quickly};

use super::{STEP, USED, quick, request, slow, start};

async fn create(sms: &Sms, name: &str) -> String {
    let request = request(sms, name).await;
    sms.tasks().create_once(&request).await.unwrap().id
}

/// Every look of a wait; checks that no share falls within a phase.
async fn looks(mut wait: Waiter) -> Vec<Progress> {
    let mut seen: Vec<Progress> = Vec::new();
    while let Some(progress) = wait.next().await.unwrap() {
        if let Some(before) = seen.last() {
            for (now, then) in progress.phases.iter().zip(&before.phases) {
                assert_eq!(now.name, then.name);
                assert!(now.percent >= then.percent, "{then} fell to {now}");
            }
            if progress.phases.len() == before.phases.len() {
                assert!(progress.fraction() >= before.fraction(), "{before} fell to {progress}");
            }
        }
        seen.push(progress);
    }
    assert!(wait.outcome().unwrap().is_done());
    seen
}

#[tokio::test]
async fn task_is_followed_through_copy_cut_over_and_synchronisation() {
    // Slow enough for several looks amid the copy on a busy machine.
    let (_sandbox, sms) = start(&["web"], |builder| builder.sms_pace(STEP, 500)).await;
    let tasks = sms.tasks();
    let id = create(&sms, "web").await;
    let until = |goal| tasks.wait_until(&id, goal).poll(quickly()).deadline(PATIENCE);
    tasks.start(&id).await.unwrap();
    let seen = looks(until(Goal::Syncing)).await;
    assert!(seen.iter().any(|look| look.bytes.done > 0 && look.bytes.done < USED), "no look amid the copy");
    let last = seen.last().unwrap();
    assert_eq!((last.state, last.bytes.total), (State::Syncing, Some(USED)));
    assert_eq!(last.phases[0].percent, Some(100));

    for round in 0..2_u32 {
        let before = tasks.progress(&id).await.unwrap();
        tasks.cutover(&id).await.unwrap();
        let wait = tasks.wait_until(&id, Goal::MigrateSuccess).after_start(before);
        let seen = looks(wait.poll(quickly()).deadline(PATIENCE)).await;
        let last = seen.last().unwrap();
        let phase = last.phase().unwrap();
        assert_eq!((phase.kind, phase.round, phase.state), (PhaseKind::Cutover, round, StepState::Done));
        assert_eq!((last.state_word.as_deref(), last.fraction()), (Some("MIGRATE_SUCCESS"), Some(1.0)));

        let before = tasks.progress(&id).await.unwrap();
        tasks.restart(&id).await.unwrap();
        looks(tasks.wait_until(&id, Goal::Syncing).after_start(before).poll(quickly()).deadline(PATIENCE))
            .await;
        // A synchronisation shows SYNCING from its first moment; its phase tells when it is complete.
        let mut wait = until(Goal::MigrateSuccess);
        while let Some(progress) = wait.next().await.unwrap() {
            let phase = progress.phase().unwrap();
            assert_eq!((phase.kind, phase.round), (PhaseKind::Resync, round));
            if phase.state == StepState::Done {
                break;
            }
        }
    }
    let names: Vec<String> =
        tasks.progress(&id).await.unwrap().phases.into_iter().map(|phase| phase.name).collect();
    assert_eq!(names, ["REPLICATE", "CUTOVER0", "RESYNC0", "CUTOVER1", "RESYNC1"]);
}

#[tokio::test]
async fn task_that_is_through_between_two_looks_is_not_missed() {
    let (sandbox, sms) = slow(&["web"]).await;
    let tasks = sms.tasks();
    let id = create(&sms, "web").await;
    let mut wait = tasks.wait_until(&id, Goal::Started).poll(quickly()).deadline(PATIENCE);
    assert_eq!(wait.next().await.unwrap().unwrap().state, State::Ready);
    tasks.start(&id).await.unwrap();
    sandbox.emulator.advance_clock(Duration::from_secs(7 * 86_400));
    let last = wait.next().await.unwrap().unwrap();
    assert_eq!(last.state, State::Syncing);
    assert!(wait.outcome().unwrap().is_done());
}

#[tokio::test]
async fn speed_time_left_and_bytes_are_those_of_the_service() {
    let (sandbox, sms) = slow(&["web"]).await;
    let tasks = sms.tasks();
    let id = create(&sms, "web").await;
    tasks.start(&id).await.unwrap();
    // Three steps of an hour, then 800 s of copying at 1 Mbit/s.
    sandbox.emulator.advance_clock(Duration::from_secs(3 * 3_600 + 200));
    let progress = tasks.progress(&id).await.unwrap();
    assert_eq!((progress.state, progress.bytes_per_second), (State::Running, Some(125_000)));
    assert!((USED / 4..USED / 2).contains(&progress.bytes.done), "{progress}");
    assert!((Some(0.25)..Some(0.5)).contains(&progress.fraction()), "{progress}");
    assert!(progress.time_left.unwrap() > Duration::from_secs(400), "{progress:?}");
    assert_eq!(progress.step.as_ref().unwrap().name, "MIGRATE_LINUX_FILE");
}

#[tokio::test]
async fn failure_at_a_step_is_told_and_mended_by_a_start() {
    let fault = Fault::new(FaultKind::fail_subtask("MIGRATE_LINUX_FILE"));
    let (_sandbox, sms) = quick(&["web"], |builder| builder.fault(fault)).await;
    let tasks = sms.tasks();
    let id = create(&sms, "web").await;
    tasks.start(&id).await.unwrap();
    let wait = tasks.wait_until(&id, Goal::Syncing).poll(quickly()).deadline(PATIENCE);
    let error = wait.wait().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::JobFailed, Some("SMS.0806")));
    assert_eq!(error.job().unwrap().step.as_deref(), Some("MIGRATE_LINUX_FILE"));
    let before = tasks.progress(&id).await.unwrap();
    assert_eq!(before.phases[0].state, StepState::Failed);
    tasks.start(&id).await.unwrap();
    let wait = tasks.wait_until(&id, Goal::Syncing).after_start(before).poll(quickly()).deadline(PATIENCE);
    assert!(wait.wait().await.unwrap().is_done());
}

#[tokio::test]
async fn task_is_stopped_and_goes_on_where_it_stopped() {
    let (sandbox, sms) = slow(&["web"]).await;
    let tasks = sms.tasks();
    let id = create(&sms, "web").await;
    tasks.start(&id).await.unwrap();
    sandbox.emulator.advance_clock(Duration::from_secs(3 * 3_600 + 400));
    tasks.stop(&id).await.unwrap();
    let mut wait = tasks.wait_until(&id, Goal::Aborted).poll(quickly()).deadline(PATIENCE);
    assert_eq!(wait.next().await.unwrap().unwrap().state, State::Pausing);
    sandbox.emulator.advance_clock(Duration::from_secs(3_600));
    while wait.next().await.unwrap().is_some() {}
    assert!(wait.outcome().unwrap().is_done());
    let stopped = tasks.progress(&id).await.unwrap();
    assert_eq!((stopped.state, stopped.phases[0].state), (State::Paused, StepState::Stopped));
    assert!(stopped.bytes.done >= USED / 2, "{stopped}");
    assert!(tasks.wait_until(&id, Goal::Syncing).deadline(PATIENCE).wait().await.unwrap().is_paused());
    tasks.start(&id).await.unwrap();
    sandbox.emulator.advance_clock(Duration::from_secs(86_400));
    let wait = tasks.wait_until(&id, Goal::Syncing).after_start(stopped).poll(quickly()).deadline(PATIENCE);
    assert!(wait.wait().await.unwrap().is_done());
}

#[tokio::test]
async fn wait_outlives_what_passes() {
    let (sandbox, sms) = quick(&["web"], |builder| builder).await;
    let tasks = sms.tasks();
    let id = create(&sms, "web").await;
    let faults = sandbox.emulator.faults();
    for kind in [
        FaultKind::Reset,
        FaultKind::BadGateway,
        FaultKind::Unavailable { retry_after: None },
        FaultKind::CutBody { bytes: 40 },
        FaultKind::Unauthorized,
        FaultKind::Throttle { limit: 1, window_seconds: 1, retry_after: Some(0) },
    ] {
        faults.push(Fault::new(kind.clone()).on("sms.ShowTask").skip(1));
        faults.push(Fault::new(kind).on("ShowServer"));
    }
    sandbox.emulator.expire_tokens().unwrap();
    tasks.start(&id).await.unwrap();
    let wait = tasks.wait_until(&id, Goal::Syncing).poll(PollPolicy::every(Duration::from_millis(20)));
    let outcome = wait.deadline(PATIENCE).wait().await.unwrap();
    assert!(outcome.is_done(), "{outcome:?}");
}
