//! `oms bucket`: look-ups that the service makes in other clouds.

use hwmigrate::oms::types;
use serde_json::json;

use super::job::{fill_access, split_list};
use crate::args::Global;
use crate::args::oms::BucketCommand;
use crate::body::operation;
use crate::commands::shared::{begin, list, ready, to_json};
use crate::connect::{connect, in_time};
use crate::failure::Result;
use crate::output::{Column, Output, Show, column};

const NAMES: [Column; 1] = [column("bucket", "", Show::Text)];
const OBJECTS: [Column; 2] = [column("name", "/name", Show::Text), column("size", "/size", Show::Text)];
const REGION: [Column; 3] = [
    column("id", "/id", Show::Text),
    column("name", "/name", Show::Text),
    column("supported", "/support", Show::Text),
];
const PREFIX: [Column; 1] = [column("exists", "/exist", Show::Text)];

/// Runs one of the commands below `oms bucket`.
pub(crate) async fn run(command: BucketCommand, global: &Global, output: &Output) -> Result<()> {
    match command {
        BucketCommand::List { access, input } => {
            let Some(mut body) = begin(&input, "ShowBucketList", output)? else { return Ok(()) };
            fill_access(&mut body, &access)?;
            let (client, request) =
                ready::<types::ListBucketsReq>(body, operation("ShowBucketList")?, global, output)?;
            let mut rows = output.rows(&NAMES);
            for bucket in in_time(global, client.oms().buckets().list(&request)).await?.into_inner() {
                rows.push(json!(bucket))?;
            }
            rows.finish()
        }
        BucketCommand::Objects { access, bucket, bucket_region, folder, limit, input } => {
            let Some(mut body) = begin(&input, "ShowBucketObjects", output)? else { return Ok(()) };
            fill_access(&mut body, &access)?;
            body.set_given(&["bucket_name"], bucket.bucket);
            body.set_given(&["data_center"], bucket_region);
            body.set_given(&["file_path"], folder);
            // What every listing begins with, whoever wrote the input.
            for (field, value) in
                [("file_path", json!("")), ("page_size", json!(100)), ("behind_filename", json!(""))]
            {
                body.set_default(&[field], value);
            }
            let (client, request) =
                ready::<types::ShowBucketReq>(body, operation("ShowBucketObjects")?, global, output)?;
            list(client.oms().buckets().objects(&request).stream(), &OBJECTS, limit, global, output).await
        }
        BucketCommand::Region { access, bucket, input } => {
            let Some(mut body) = begin(&input, "ShowBucketRegion", output)? else { return Ok(()) };
            fill_access(&mut body, &access)?;
            body.set_given(&["bucket_name"], bucket.bucket);
            let (client, request) =
                ready::<types::ShowBucketRegionReq>(body, operation("ShowBucketRegion")?, global, output)?;
            let found = in_time(global, client.oms().buckets().region(&request)).await?;
            output.record(&to_json(&*found)?, &REGION)
        }
        BucketCommand::CheckPrefix { access, bucket, bucket_region, prefix, input } => {
            let Some(mut body) = begin(&input, "CheckPrefix", output)? else { return Ok(()) };
            fill_access(&mut body, &access)?;
            body.set_given(&["bucket_name"], bucket.bucket);
            body.set_given(&["data_center"], bucket_region);
            body.set_given(&["file_name"], prefix);
            let (client, request) =
                ready::<types::CheckPrefixReq>(body, operation("CheckPrefix")?, global, output)?;
            let found = in_time(global, client.oms().buckets().check_prefix(&request)).await?;
            output.record(&json!({"exist": found}), &PREFIX)
        }
        BucketCommand::CdnInfo {
            access,
            bucket,
            bucket_region,
            domain,
            protocol,
            authentication,
            cdn_key,
            key,
            input,
        } => {
            let Some(mut body) = begin(&input, "ShowCdnInfo", output)? else { return Ok(()) };
            fill_access(&mut body, &access)?;
            body.set_given(&["bucket"], bucket.bucket);
            body.set_given(&["region"], bucket_region);
            if domain.is_some() {
                body.set(&["source_cdn", "protocol"], protocol.unwrap_or_else(|| "https".to_owned()));
                body.set(
                    &["source_cdn", "authentication_type"],
                    authentication.unwrap_or_else(|| "NONE".to_owned()),
                );
            }
            body.set_given(&["source_cdn", "domain"], domain);
            body.set_secret(&["source_cdn", "authentication_key"], "--cdn-key", cdn_key.as_ref())?;
            if !key.is_empty() {
                body.set(&["prefix", "keys"], key);
            }
            let (client, request) =
                ready::<types::ShowCdnInfoReq>(body, operation("ShowCdnInfo")?, global, output)?;
            let found = in_time(global, client.oms().buckets().cdn_info(&request)).await?;
            output.record(&to_json(&*found)?, &[])
        }
        BucketCommand::CheckUrlList { list, bucket_region, ak, sk, input } => {
            let id = "CheckUrlSourceListFileFormat";
            let Some(mut body) = begin(&input, id, output)? else { return Ok(()) };
            if let Some(list) = &list {
                let (bucket, key) = split_list(list, "the list")?;
                body.set(&["obs_bucket"], bucket);
                body.set(&["list_file_key"], key);
            }
            body.set_secret(&["ak"], "--ak", ak.as_ref())?;
            body.set_secret(&["sk"], "--sk", sk.as_ref())?;
            let client = connect(global)?;
            body.set_given(&["region"], bucket_region);
            if let Some(region) = client.region() {
                body.set_default(&["region"], region);
            }
            let request: types::CheckUrlSourceListFileFormatReq =
                body.finish(operation(id)?, output)?.into_typed()?;
            in_time(global, client.oms().buckets().check_url_list(&request)).await?;
            output.accepted(&json!({"valid": true}), "the list is valid")
        }
    }
}
