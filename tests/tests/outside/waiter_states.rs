//! The waiter against every pair of states that the service documents, and against one it does not.

use hwmigrate::ErrorKind;
use hwmigrate::wait::{Outcome, Until};
use hwmigrate_emulator::{Fault, FaultKind};
use hwmigrate_tests::sandbox::{PATIENCE, Sandbox, copy, quickly, restart};
use hwmigrate_tests::tree;
use serde_json::{Value, json};

/// How a wait may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Done,
    Paused,
    Failed,
    Gone,
}
use End::{Done, Failed, Gone, Paused};

/// The numbers of a task, and where a wait for the end, and one for the start, stop at each.
/// 42 is a state that nobody has heard of: it never ends anything.
const TASK: [(i64, Option<End>, Option<End>); 9] = [
    (0, None, None),
    (1, None, None),
    (2, None, Some(Done)),
    (3, Some(Paused), Some(Paused)),
    (4, Some(Failed), Some(Failed)),
    (5, Some(Done), Some(Done)),
    (6, None, Some(Done)),
    (7, None, Some(Done)),
    (42, None, None),
];

/// The same of a group.
const GROUP: [(i64, Option<End>, Option<End>); 11] = [
    (0, None, None),
    (1, None, None),
    (2, None, Some(Done)),
    (3, Some(Paused), Some(Paused)),
    (4, Some(Failed), Some(Failed)),
    (5, Some(Failed), Some(Failed)),
    (6, Some(Done), Some(Done)),
    (7, None, Some(Done)),
    (8, None, None),
    (9, Some(Gone), Some(Gone)),
    (42, None, None),
];

fn ended(result: hwmigrate::Result<Outcome>) -> End {
    match result {
        Ok(Outcome::Done(_)) => Done,
        Ok(Outcome::Paused(_)) => Paused,
        Err(error) if error.is_job_failed() => Failed,
        Err(error) if error.is_not_found() => Gone,
        other => panic!("no way to end a wait: {other:?}"),
    }
}

/// The first of the states that ends the wait.
fn expected(table: &[(i64, Option<End>, Option<End>)], states: [i64; 3], until: Until) -> End {
    let end_of = |state: i64| {
        let (_, end, start) = table.iter().find(|(code, ..)| *code == state).expect("a state of the table");
        if until == Until::Started { *start } else { *end }
    };
    states.into_iter().find_map(end_of).expect("the last state ends every wait")
}

fn says(states: [i64; 3], operation: &str) -> Fault {
    let states = states.into_iter().map(Value::from).collect();
    Fault::new(FaultKind::States { states }).on(operation).forever()
}

#[tokio::test]
async fn every_pair_of_task_states_ends_a_wait_where_the_documents_say() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let tasks = sandbox.client().unwrap().oms().tasks();
    let id = tasks.create(&copy("", json!({})).unwrap()).await.unwrap().id;
    tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    for until in [Until::Ended, Until::Started] {
        for (first, ..) in TASK {
            for (second, ..) in TASK {
                let states = [first, second, 5];
                sandbox.emulator.faults().push(says(states, "ShowTask"));
                let result = tasks.wait(id).until(until).poll(quickly()).deadline(PATIENCE).wait().await;
                assert_eq!(ended(result), expected(&TASK, states, until), "{until:?}: {states:?}");
                sandbox.emulator.faults().clear();
            }
        }
    }
}

#[tokio::test]
async fn every_pair_of_group_states_ends_a_wait_where_the_documents_say() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let groups = sandbox.client().unwrap().oms().groups();
    let request = serde_json::from_value(json!({
        "task_type": "PREFIX",
        "src_node": {
            "cloud_type": "HuaweiCloud", "region": "cn-north-4", "bucket": "source", "object_key": [""],
            "ak": "made-up-ak", "sk": "made-up-sk"
        },
        "dst_node": {"region": "cn-north-4", "bucket": "destination", "ak": "made-up-ak", "sk": "made-up-sk"}
    }));
    let id = groups.create(&request.unwrap()).await.unwrap().id;
    groups.wait(&id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    assert_eq!(tree::differences(&sandbox.source(), &sandbox.destination()).unwrap(), [""; 0]);
    for until in [Until::Ended, Until::Started] {
        for (first, ..) in GROUP {
            for (second, ..) in GROUP {
                let states = [first, second, 6];
                sandbox.emulator.faults().push(says(states, "ShowTaskGroup"));
                let result = groups.wait(&id).until(until).poll(quickly()).deadline(PATIENCE).wait().await;
                assert_eq!(ended(result), expected(&GROUP, states, until), "{until:?}: {states:?}");
                sandbox.emulator.faults().clear();
            }
        }
    }
}

#[tokio::test]
async fn unknown_state_is_named_when_the_deadline_passes() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("a", b"a")]).unwrap();
    let tasks = sandbox.client().unwrap().oms().tasks();
    let id = tasks.create(&copy("", json!({})).unwrap()).await.unwrap().id;
    let fault = Fault::new(FaultKind::State { state: json!(42) }).on("ShowTask").forever();
    sandbox.emulator.faults().push(fault);
    let limit = std::time::Duration::from_millis(100);
    let error = tasks.wait(id).poll(quickly()).deadline(limit).wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("42"), "{error}");
    assert!(error.job().unwrap().state.contains("42"), "{error:?}");
}

#[tokio::test]
async fn failed_task_carries_reason_advice_and_counts_and_a_start_repeats_the_failed_only() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("good/a", b"a"), ("good/b", b"b"), ("bad/c", b"c")]).unwrap();
    let fault = FaultKind::FailObjects { key: "bad/*".to_owned(), code: "TRF.0062".to_owned() };
    sandbox.emulator.faults().push(Fault::new(fault));
    let tasks = sandbox.client().unwrap().oms().tasks();
    let id = tasks.create(&copy("", json!({})).unwrap()).await.unwrap().id;

    let error = tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobFailed);
    assert!(error.code().is_some_and(|code| code.starts_with("TRF.")), "{error:?}");
    assert!(error.advice().is_some_and(|advice| !advice.is_empty()), "{error:?}");
    let job = error.job().unwrap();
    assert_eq!((job.objects_done, job.objects_failed, job.objects_total), (2, 1, Some(3)), "{job:?}");
    assert_eq!(job.id, id.to_string());
    let list = job.failed_list.clone().expect("a list of failed objects");
    let lists = tree::read(&sandbox.destination()).unwrap();
    let held: Vec<_> = lists.iter().filter(|(key, _)| key.starts_with(list.trim_end_matches('/'))).collect();
    let named = held.iter().any(|(_, text)| String::from_utf8_lossy(text).contains("bad/c"));
    assert!(named, "{list} does not name the failed object: {held:?}");

    let copied_once = std::fs::metadata(sandbox.destination().join("good/a")).unwrap().modified().unwrap();
    tasks.start(id, &restart(true).unwrap()).await.unwrap();
    let outcome = tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    assert!(outcome.is_done());
    assert_eq!(tree::differences(&sandbox.source(), &sandbox.destination()).unwrap(), [""; 0]);
    let again = std::fs::metadata(sandbox.destination().join("good/a")).unwrap().modified().unwrap();
    assert_eq!(copied_once, again, "a good object was copied again");
}

#[tokio::test]
async fn paused_task_is_its_own_outcome_and_goes_on_after_a_start() {
    let sandbox = Sandbox::start().await.unwrap();
    tree::write(&sandbox.source(), &[("large", &tree::noise(3, 6 << 20))]).unwrap();
    let tasks = sandbox.client().unwrap().oms().tasks();
    let slow = json!({"bandwidth_policy": hwmigrate_tests::sandbox::all_day(1 << 20)});
    let id = tasks.create(&copy("", slow).unwrap()).await.unwrap().id;
    tasks.wait(id).until(Until::Started).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    tasks.stop(id).await.unwrap();
    let outcome = tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    assert!(outcome.is_paused(), "{outcome:?}");

    let fast =
        serde_json::from_value(json!({"bandwidth_policy": hwmigrate_tests::sandbox::all_day(200 << 20)}));
    tasks.update_bandwidth_policy(id, &fast.unwrap()).await.unwrap();
    tasks.start(id, &restart(false).unwrap()).await.unwrap();
    let outcome = tasks.wait(id).poll(quickly()).deadline(PATIENCE).wait().await.unwrap();
    assert!(outcome.is_done(), "{outcome:?}");
    assert_eq!(tree::differences(&sandbox.source(), &sandbox.destination()).unwrap(), [""; 0]);
}
