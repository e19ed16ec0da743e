//! Request parity: what we send is what the vendor's own client sends.
//!
//! Every operation of OMS and SMS is called twice, once with what it requires
//! and once with everything that the document knows, by our typed functions
//! and by the vendor's unmodified clients. Method, path, query, headers and
//! body are compared field by field, secrets included, as a recorder in front
//! of the emulator took them down; and the emulator's journal has to tell the
//! same of both. `intended.rs` holds the differences that are meant to be.
//!
//! Needs the interpreter that `HWMIGRATE_PYTHON` names, with the vendor's
//! clients installed: `cargo xtask test --only parity` sees to it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod compare;
mod intended;
mod oms;
mod recorder;
mod sms;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::str::FromStr;

use hwmigrate::api::{Operation, Service, find_operation};
use hwmigrate::{Client, Credentials, Environment, RetryPolicy, Secret};
use hwmigrate_emulator::{Emulator, Entry};
use hwmigrate_tests::document::{Call, Document, Extent};
use hwmigrate_tests::process::PROJECT;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use compare::{Difference, compare, compare_bodies};
use intended::INTENDED;
use recorder::{Recorded, Recorder};

const ACCESS_KEY: &str = "MADEUPACCESSKEY00001";
const SECRET_KEY: &str = "made-up-secret-key-of-parity-00000000001";
const SEED: u64 = 2026;

/// One call to make on both sides.
pub(crate) struct Arguments {
    operation: &'static Operation,
    extent: Extent,
    call: Call,
}

impl Arguments {
    /// The documented id of the operation.
    pub(crate) fn operation(&self) -> &'static str {
        self.operation.id
    }

    /// A text, if it is given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.call.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A text that is always given.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_else(|| panic!("{} lacks `{name}`", self.operation.qualified_id()))
    }

    /// A number or truth value, if it is given.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name).map(|text| text.parse().ok().unwrap_or_else(|| panic!("`{name}` is {text}")))
    }

    /// A number that is always given.
    pub(crate) fn needed<T: FromStr>(&self, name: &str) -> T {
        self.parsed(name).unwrap_or_else(|| panic!("{} lacks `{name}`", self.operation.qualified_id()))
    }

    /// A word or code, if it is given.
    pub(crate) fn word<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.get(name).map(|text| serde_json::from_value(text.into()).unwrap())
    }

    /// The body, as the type that the function takes.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> T {
        let body = self.call.body.as_ref().expect("a body").json.clone();
        serde_json::from_value(body)
            .unwrap_or_else(|error| panic!("{}: {error}", self.operation.qualified_id()))
    }

    /// As the vendor's side reads it.
    fn json(&self) -> Value {
        let parameters: BTreeMap<_, _> = self.call.parameters.iter().cloned().collect();
        json!({
            "service": self.operation.service.name(),
            "operation": self.operation.id,
            "fill": self.extent == Extent::Everything,
            "parameters": parameters,
            "body": self.call.body.as_ref().map(|body| &body.json),
        })
    }
}

/// Every operation with what it requires, and with everything.
fn calls() -> Vec<Arguments> {
    let mut calls = Vec::new();
    for (text, operations) in [
        (hwmigrate::api::oms::DOCUMENT, hwmigrate::api::oms::OPERATIONS),
        (hwmigrate::api::sms::DOCUMENT, hwmigrate::api::sms::OPERATIONS),
    ] {
        let document = Document::parse(text).unwrap();
        for extent in [Extent::Required, Extent::Everything] {
            for call in document.seeded(extent, SEED) {
                let operation = operations.iter().find(|operation| operation.id == call.id).unwrap();
                calls.push(Arguments { operation, extent, call });
            }
        }
    }
    calls
}

async fn make_ours(url: &str, calls: &[Arguments], recorder: &Recorder) -> Vec<Recorded> {
    let client = Client::builder()
        .environment(Environment::empty())
        .region("cn-north-4")
        .project_id(PROJECT)
        .credentials(Credentials::access_key(Secret::from(ACCESS_KEY), Secret::from(SECRET_KEY)))
        .endpoint(Service::Iam, url)
        .endpoint(Service::Oms, url)
        .endpoint(Service::Sms, url)
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let (oms, sms) = (client.oms().api().unwrap(), client.sms().api().unwrap());
    let mut made = Vec::new();
    for call in calls {
        let answer = match call.operation.service {
            Service::Oms => oms::call(&oms, PROJECT, call).await,
            _ => sms::call(&sms, call).await,
        };
        let mut recorded = recorder.take();
        let answer = answer.map_err(|error| hwmigrate::Error::from_generated(error).chain());
        assert_eq!(recorded.len(), 1, "{} is sent once: {answer:?}", call.operation.qualified_id());
        made.append(&mut recorded);
    }
    made
}

/// What the vendor's side says about itself.
struct Theirs {
    made: Vec<Recorded>,
    operations: BTreeMap<String, BTreeSet<String>>,
    homeless: BTreeMap<String, Vec<String>>,
}

async fn make_theirs(python: &Path, url: &str, calls: &[Arguments], recorder: &Recorder) -> Theirs {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.json");
    let json: Vec<Value> = calls.iter().map(Arguments::json).collect();
    std::fs::write(&file, serde_json::to_vec(&json).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/parity.py");
    let output = tokio::process::Command::new(python)
        .args(["-B".as_ref(), script.as_os_str(), url.as_ref(), PROJECT.as_ref(), file.as_os_str()])
        .env("PARITY_ACCESS_KEY", ACCESS_KEY)
        .env("PARITY_SECRET_KEY", SECRET_KEY)
        .output()
        .await
        .unwrap();
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{complained}");
    let said: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    Theirs {
        made: recorder.take(),
        operations: serde_json::from_value(said["operations"].clone()).unwrap(),
        homeless: serde_json::from_value(said["homeless"].clone()).unwrap(),
    }
}

/// What the emulator's journal tells otherwise of one side than of the other, or of the call.
fn journaled(call: &Arguments, ours: &Entry, theirs: &Entry) -> Vec<String> {
    let id = call.operation.qualified_id();
    let mut problems = Vec::new();
    for (who, entry) in [("our", ours), ("the vendor's", theirs)] {
        let taken = entry.operation.as_deref().zip(entry.service.as_deref());
        let taken = taken.and_then(|(id, service)| find_operation(&format!("{service}.{id}")));
        // All services share one port there, where the two lists of versions have one path.
        let same =
            |taken: &Operation| (taken.method, taken.path) == (call.operation.method, call.operation.path);
        if !taken.is_some_and(same) {
            problems.push(format!("{id}: the emulator took {who} request for {taken:?}"));
        }
        // Of a body that breaks the document the journal shows the names only, and of others all but the secrets.
        let sent = call.call.body.as_ref().map_or(Value::Null, |body| body.json.clone());
        // Nor does it show what the document leaves to the caller.
        let shown = |difference: &Difference| {
            !is_known(difference) && !difference.place.starts_with("body result_detail.")
        };
        let hidden = compare_bodies(&id, &sent, &entry.body).into_iter().filter(shown);
        let (hidden, wrong): (Vec<_>, Vec<_>) =
            hidden.partition(|difference| difference.theirs.as_deref() == Some(r#""[redacted]""#));
        let hidden: BTreeSet<String> = hidden.into_iter().map(|difference| difference.place).collect();
        let secrets =
            call.call.body.iter().flat_map(|body| &body.secrets).map(|place| format!("body {place}"));
        if !wrong.is_empty() || hidden != secrets.collect() {
            problems.push(format!("{id}: the emulator read {} as {who} body", entry.body));
        }
    }
    let parts = |entry: &Entry| json!([entry.method, entry.path, entry.query, entry.auth]);
    if parts(ours) != parts(theirs) {
        problems.push(format!("{id}: the journal tells of {} and of {}", parts(ours), parts(theirs)));
    }
    let bodies = compare_bodies(&id, &ours.body, &theirs.body);
    problems.extend(unlisted(&bodies).map(|difference| format!("not listed, in the journal: {difference}")));
    problems
}

fn is_known(difference: &Difference) -> bool {
    INTENDED.iter().any(|known| known.covers(difference))
}

fn unlisted(found: &[Difference]) -> impl Iterator<Item = &Difference> {
    found.iter().filter(|difference| !is_known(difference))
}

#[tokio::test]
#[ignore = "needs the vendor's clients: cargo xtask test --only parity"]
async fn requests_are_those_of_the_vendors_clients() {
    let python = std::env::var_os("HWMIGRATE_PYTHON").expect("HWMIGRATE_PYTHON names an interpreter");
    let emulator = Emulator::builder()
        .project(PROJECT)
        .access_key(ACCESS_KEY, Secret::from(SECRET_KEY))
        .start()
        .await
        .unwrap();
    let recorder = Recorder::start(emulator.url()).await.unwrap();
    let calls = calls();
    let ours = make_ours(&recorder.url, &calls, &recorder).await;
    let theirs = make_theirs(python.as_ref(), &recorder.url, &calls, &recorder).await;
    assert_eq!(theirs.made.len(), calls.len(), "each call is one request");

    let mut problems = Vec::new();
    for (service, operations) in
        [("oms", hwmigrate::api::oms::OPERATIONS), ("sms", hwmigrate::api::sms::OPERATIONS)]
    {
        let known: BTreeSet<String> =
            operations.iter().map(|operation| operation.function.to_owned()).collect();
        for missing in known.symmetric_difference(&theirs.operations[service]) {
            problems.push(format!("{service}: the operation {missing} is known to one side only"));
        }
    }

    let mut found: Vec<Difference> = Vec::new();
    for ((call, ours), theirs) in calls.iter().zip(&ours).zip(&theirs.made) {
        found.extend(compare(&call.operation.qualified_id(), ours, theirs));
    }
    found.sort();
    found.dedup();
    for known in INTENDED {
        let count = found.iter().filter(|difference| known.covers(difference)).count();
        writeln!(std::io::stdout(), "{count:>4} x {}, {}: {}", known.operation, known.place, known.reason)
            .unwrap();
    }
    problems.extend(unlisted(&found).map(|difference| format!("not listed: {difference}")));
    let gone = INTENDED.iter().filter(|known| !found.iter().any(|difference| known.covers(difference)));
    problems.extend(gone.map(|known| format!("listed and not found: {}, {}", known.operation, known.place)));
    for (operation, places) in &theirs.homeless {
        for place in places {
            let place = place
                .strip_prefix("body.")
                .map_or_else(|| format!("query {place}"), |at| format!("body {at}"));
            if !found.iter().any(|difference| difference.operation == *operation && difference.place == place)
            {
                problems.push(format!(
                    "{operation}, {place}: the vendor's client does not know it, yet no difference shows"
                ));
            }
        }
    }

    let journal: Vec<Entry> = emulator.journal();
    assert_eq!(journal.len(), 2 * calls.len());
    let (first, second) = journal.split_at(calls.len());
    for ((call, ours), theirs) in calls.iter().zip(first).zip(second) {
        problems.extend(journaled(call, ours, theirs));
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}
