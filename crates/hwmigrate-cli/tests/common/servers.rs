//! Servers to be moved.

use tempfile::TempDir;

use super::{Ran, Served, run};

/// An emulator with the source servers `web-1` and `db-1`.
pub(crate) fn served(more: &[&str]) -> Served {
    let servers = ["--source-server", "web-1,used=8000000", "--source-server", "db-1,used=8000000"];
    Served::start_in(TempDir::new().unwrap(), &[&servers[..], more].concat())
}

/// Steps that take no time to speak of.
pub(crate) const FAST: [&str; 4] = ["--sms-step", "20ms", "--sms-rate", "10000"];

/// A template of targets.
pub(crate) fn template(served: &Served) -> String {
    let create =
        ["sms", "template", "create", "--name", "plain", "--target-region", "cn-north-4", "-o", "json"];
    run(&mut served.client(create)).json()["id"].as_str().unwrap().to_owned()
}

/// Runs `sms migrate`.
pub(crate) fn migrate(served: &Served, args: &[&str]) -> Ran {
    run(served.client(["sms", "migrate", "-o", "json"]).args(args))
}
