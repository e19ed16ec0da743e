#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::json;

use super::*;

async fn put(state: &State, name: &str, value: Value) {
    let mut changes = Changes::default();
    changes.put(name, &value);
    state.keep(changes).kept().await.unwrap();
}

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("state.jsonl")
}

#[tokio::test]
async fn what_was_confirmed_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let (state, values) = State::open(folder.path()).unwrap();
    assert!(values.is_empty());
    put(&state, "task/1", json!({"a": 1})).await;
    put(&state, "task/1", json!({"a": 2})).await;
    put(&state, "task/2", json!(null)).await;
    let mut changes = Changes::default();
    changes.put("task/3", &json!(3)).delete("task/2");
    state.keep(changes).kept().await.unwrap();
    let instance = state.instance().to_owned();
    drop(state);
    let (state, values) = State::open(folder.path()).unwrap();
    assert_eq!(
        values.into_iter().collect::<Vec<_>>(),
        [("task/1".to_owned(), json!({"a": 2})), ("task/3".to_owned(), json!(3))]
    );
    assert_eq!(state.instance(), instance);
}

#[tokio::test]
async fn a_torn_last_line_is_dropped_and_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let (state, _) = State::open(folder.path()).unwrap();
    put(&state, "a", json!(1)).await;
    drop(state);
    let mut text = fs::read_to_string(file(&folder)).unwrap();
    text.push_str("{\"put\":{\"a\":");
    fs::write(file(&folder), text).unwrap();
    let (state, values) = State::open(folder.path()).unwrap();
    assert_eq!(values["a"], json!(1));
    put(&state, "b", json!(2)).await;
    drop(state);
    let (_, values) = State::open(folder.path()).unwrap();
    assert_eq!((values["a"].clone(), values["b"].clone()), (json!(1), json!(2)));
}

#[test]
fn a_damaged_line_in_the_middle_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(file(&folder), "{\"format\":1}\nnonsense\n{\"put\":{}}\n").unwrap();
    let error = State::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("another state folder"), "{error}");
    fs::write(file(&folder), "{\"format\":99}\n").unwrap();
    assert!(State::open(folder.path()).unwrap_err().to_string().contains("this version"));
}

#[tokio::test]
async fn a_second_emulator_on_the_same_state_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (state, _) = State::open(folder.path()).unwrap();
    let error = State::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("in use by another emulator"), "{error}");
    state.close().await;
    assert!(State::open(folder.path()).is_ok());
}

#[tokio::test]
async fn outdated_lines_are_removed_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let (state, _) = State::open(folder.path()).unwrap();
    for round in 0..2_500 {
        let mut changes = Changes::default();
        changes.put("same", &round).put(format!("other/{}", round % 3), &"x");
        drop(state.keep(changes));
    }
    put(&state, "last", json!("x")).await;
    let lines = fs::read_to_string(file(&folder)).unwrap().lines().count();
    assert!(lines < 1_100, "{lines} lines");
    drop(state);
    let (_, values) = State::open(folder.path()).unwrap();
    assert_eq!(values["same"], json!(2_499));
    assert_eq!(values.len(), 5);
}

#[tokio::test]
async fn object_records_survive_and_a_torn_one_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (state, _) = State::open(folder.path()).unwrap();
    let record = |key: &str, verdict| ObjectRecord {
        key: key.to_owned(),
        size: 3,
        verdict,
        code: None,
        message: None,
    };
    let mut log = state.objects("7-1");
    log.resume(|_| panic!("nothing was recorded")).unwrap();
    log.add(&[record("a", Verdict::Done), record("文\n件", Verdict::Failed)]);
    put(&state, "a", json!(1)).await;
    drop(state);
    let path = folder.path().join("objects/7-1.jsonl");
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(b"{\"k\":\"tor");
    fs::write(&path, bytes).unwrap();

    let (state, _) = State::open(folder.path()).unwrap();
    let mut log = state.objects("7-1");
    let mut seen = Vec::new();
    log.resume(|record| seen.push(record)).unwrap();
    assert_eq!(seen, [record("a", Verdict::Done), record("文\n件", Verdict::Failed)]);
    log.add(&[record("b", Verdict::Skipped)]);
    state.close().await;
    let mut count = 0;
    log.read(|_| count += 1).unwrap();
    assert_eq!(count, 3);
    let (state, _) = State::open(folder.path()).unwrap();
    state.sweep_objects(|name| name != "7-1").unwrap();
    assert!(!path.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn state_and_records_can_be_read_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (state, _) = State::open(folder.path()).unwrap();
    state.objects("1").resume(|_| {}).unwrap();
    put(&state, "task/1", json!(1)).await;
    assert_eq!(mode(&file(&folder)), 0o600);
    assert_eq!(mode(&folder.path().join("objects/1.jsonl")), 0o600);
    // Enough changes of one value that the file is written anew.
    for number in 0..1_100 {
        let mut changes = Changes::default();
        changes.put("task/1", &json!(number));
        drop(state.keep(changes));
    }
    state.flush().await;
    assert!(fs::read_to_string(file(&folder)).unwrap().lines().count() < 1_000, "it was not written anew");
    assert_eq!(mode(&file(&folder)), 0o600);
    drop(state);
    // As a version before this one left it.
    fs::set_permissions(file(&folder), fs::Permissions::from_mode(0o644)).unwrap();
    let (_state, values) = State::open(folder.path()).unwrap();
    assert_eq!(values["task/1"], json!(1_099));
    assert_eq!(mode(&file(&folder)), 0o600);
}
