//! Requests for sync tasks, which can carry less than others.

use hwmigrate_api::oms::types::CreateSyncTaskReq;

use super::request::{Destination, Source};
use crate::error::Result;
use crate::jobs::check::Checks;

/// A sync task to be, which copies objects one by one when it is told of them.
///
/// # Errors
/// `Invalid` with what a sync task cannot carry: a session token (it takes
/// permanent keys only), a connection string or service account in place of an
/// access key, a prefix to put before the keys.
///
/// Source: <https://support.huaweicloud.com/api-oms/CreateSyncTask.html>.
pub fn sync_request(source: Source, destination: Destination) -> Result<CreateSyncTaskReq> {
    let mut checks = Checks::new();
    tokenless(&mut checks, "sync tasks", &source, &destination);
    for (field, given) in [
        ("source.connection_string", source.0.connection_string.is_some()),
        ("source.json_auth_file", source.0.json_auth_file.is_some()),
    ] {
        if given {
            checks.add(field, "is given", "sync tasks read with an access key: give that, or use a task");
        }
    }
    if destination.0.save_prefix.is_some() {
        let fix = "leave it out, or use a task: sync tasks keep the keys of the source";
        checks.add("destination.save_prefix", "is given", fix);
    }
    checks.finish("CreateSyncTask")?;
    let (source, destination) = (source.0, destination.0);
    Ok(CreateSyncTaskReq {
        app_id: source.app_id,
        consistency_check: None,
        description: None,
        dst_ak: destination.ak,
        dst_bucket: destination.bucket,
        dst_crypto_type: destination.crypto_type,
        dst_kms_key_id: destination.kms_key_id,
        dst_region: destination.region,
        dst_sk: destination.sk,
        dst_storage_policy: None,
        enable_kms: None,
        enable_metadata_migration: None,
        enable_restore: None,
        source_cdn: None,
        src_ak: source.ak.unwrap_or_default(),
        src_bucket: source.bucket.unwrap_or_default(),
        src_cloud_type: source.cloud_type,
        src_crypto_type: source.crypto_type,
        src_kms_key_id: source.kms_key_id,
        src_region: source.region.unwrap_or_default(),
        src_sk: source.sk.unwrap_or_default(),
    })
}

/// Refuses session tokens: requests of this kind have no field for them, and keys without their
/// token are refused by the provider hours later.
pub(super) fn tokenless(checks: &mut Checks, kind: &str, source: &Source, destination: &Destination) {
    for (field, given) in [
        ("source.security_token", source.0.security_token.is_some()),
        ("destination.security_token", destination.0.security_token.is_some()),
    ] {
        if given {
            checks.add(
                field,
                "is given",
                format!("{kind} take permanent keys only: give one, or use a task"),
            );
        }
    }
}
