//! `login`: whose credentials these are.

use serde_json::json;
use time::format_description::well_known::Rfc3339;

use crate::args::Global;
use crate::connect::{connect, in_time};
use crate::failure::Result;
use crate::output::{Column, Output, Show, column};

const COLUMNS: [Column; 6] = [
    column("user", "/user", Show::Text),
    column("domain", "/domain_id", Show::Text),
    column("project", "/project_id", Show::Text),
    column("region", "/region", Show::Text),
    column("kind", "/kind", Show::Text),
    column("expires", "/expires_at", Show::Text),
];

/// Logs in once and shows whom the credentials belong to.
pub(crate) async fn run(global: &Global, output: &Output) -> Result<()> {
    let client = connect(global)?;
    let login = in_time(global, client.login()).await?;
    let expires = login.expires_at.and_then(|at| at.format(&Rfc3339).ok());
    let value = json!({
        "user": login.user,
        "domain_id": login.domain_id,
        "project_id": login.project_id,
        "region": client.region(),
        "kind": login.kind.to_string(),
        "expires_at": expires,
    });
    output.record(&value, &COLUMNS)
}
