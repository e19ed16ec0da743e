//! Whole migrations, of one server and of many.

use std::sync::{Arc, Mutex};

use hwmigrate::progress::State;
use hwmigrate::sms::types::{MigrationType, TemplateRequest};
use hwmigrate::sms::{BulkEvent, MigrationEvent, SpeedPlan, Target, TaskRequest};
use hwmigrate_emulator::{Fault, FaultKind};
use hwmigrate_tests::process::{PROJECT, REGION};
use hwmigrate_tests::sandbox::{PATIENCE, quickly};

use super::{quick, request, source};

fn limits() -> SpeedPlan {
    SpeedPlan::new().limit("00:00-23:59".parse().unwrap(), "1000Mbit/s".parse().unwrap()).unwrap()
}

#[tokio::test]
async fn server_moves_to_a_new_target_with_its_limits_set_before_the_start() {
    let (sandbox, sms) = quick(&["web"], |builder| builder).await;
    let template = TemplateRequest::new("small".to_owned());
    let template = sms.templates().create(&template).await.unwrap().id;
    let target = Target::from_template(template, "web", REGION, PROJECT);
    let request = TaskRequest::new("move_web", MigrationType::MigrateFile, source(&sms, "web").await, target);
    let faults = sandbox.emulator.faults();
    faults.push(Fault::new(FaultKind::LoseReply).on("sms.CreateTask"));
    faults.push(Fault::new(FaultKind::LoseReply).on("UpdateTaskStatus"));
    let migration = sms.migrate(request.syncing(true)).limit_speed(limits()).cut_over(true).poll(quickly());
    let report = migration.deadline(PATIENCE).run().await.unwrap();
    assert_eq!((report.status, report.cut_over, report.adopted), (State::Succeeded, true, true));
    let names: Vec<&str> = report.phases.iter().map(|phase| phase.name.as_str()).collect();
    assert_eq!(names, ["REPLICATE", "CUTOVER0"]);
    assert_eq!(report.phases[0].steps[0].name, "CREATE_CLOUD_SERVER");
    let journal = sandbox.emulator.journal();
    let order: Vec<&str> = journal
        .iter()
        .filter_map(|entry| entry.operation.as_deref())
        .filter(|operation| ["CreateTask", "UpdateSpeed", "UpdateTaskStatus"].contains(operation))
        .collect();
    assert_eq!(order, ["CreateTask", "UpdateSpeed", "UpdateTaskStatus", "UpdateTaskStatus"]);
}

#[tokio::test]
async fn migration_without_synchronising_runs_to_its_end() {
    let (_sandbox, sms) = quick(&["web"], |builder| builder).await;
    let request = request(&sms, "web").await.syncing(false);
    let report = sms.migrate(request).poll(quickly()).deadline(PATIENCE).run().await.unwrap();
    assert_eq!((report.status, report.cut_over), (State::Succeeded, false));
    assert_eq!(report.phases.len(), 1);
}

#[tokio::test]
async fn many_servers_move_a_few_at_a_time_and_one_failure_touches_no_other() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let fault = FaultKind::FailSubtask {
        subtask: "MIGRATE_LINUX_FILE".to_owned(),
        server: Some("c".to_owned()),
        percent: 10,
        error_json: r#"{"error_code":"SMS.3805","error_param":"[]"}"#.to_owned(),
    };
    let (sandbox, sms) = quick(&names, |builder| builder.fault(Fault::new(fault))).await;
    let mut migrations = Vec::new();
    for name in names {
        migrations.push(sms.migrate(request(&sms, name).await).limit_speed(limits()).poll(quickly()));
    }
    let running: Arc<Mutex<(i32, i32)>> = Arc::default();
    let count = Arc::clone(&running);
    let bulk = sms.bulk(migrations).at_once(2).unwrap().on_event(move |event| {
        let mut count = count.lock().unwrap();
        match event {
            BulkEvent::Server { event: MigrationEvent::Started, .. } => count.0 += 1,
            BulkEvent::Ended(_) => count.0 -= 1,
            _ => {}
        }
        count.1 = count.1.max(count.0);
    });
    let ends = bulk.deadline(PATIENCE).run().await;
    assert_eq!(running.lock().unwrap().1, 2);
    let mut ids = Vec::new();
    for (end, name) in ends.iter().zip(names) {
        let report = end.outcome.as_ref().unwrap();
        if name == "c" {
            assert_eq!(end.error().unwrap().code(), Some("SMS.3805"));
        } else {
            assert_eq!(report.status, State::Syncing, "{name}");
        }
        ids.push(report.task_id.clone());
    }
    let last_limit = sandbox.emulator.journal();
    let position =
        |operation: &str| last_limit.iter().position(|entry| entry.operation.as_deref() == Some(operation));
    assert!(position("UpdateSpeed") < position("UpdateTaskStatus"));

    // The quiet hour: all are cut over, and the one that failed is not.
    let cut_over = ids.iter().map(|id| sms.resume(id).cut_over(true).poll(quickly()));
    let ends = sms.bulk(cut_over).in_waves(true).at_once(4).unwrap().deadline(PATIENCE).run().await;
    for end in ends {
        let report = end.outcome.unwrap();
        assert_eq!((report.status, report.cut_over), (State::Succeeded, true), "{}", end.server);
    }
}
