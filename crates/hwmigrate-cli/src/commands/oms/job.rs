//! Request bodies of jobs, from arguments.

use clap::ValueEnum;
use hwmigrate::oms::{Bandwidth, BandwidthPlan, TimeWindow};
use serde_json::{Value, json};

use super::keys::{MOST_KEYS, read_keys};
use super::place::Place;
use crate::args::oms::{Cloud, CloudAccess, Destination, Job, JobOptions, Source, StartKeys};
use crate::body::Body;
use crate::failure::{Failure, Result};

/// What the service calls the kinds of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A task
    Task,
    /// A group of tasks, whose words are in upper case
    Group,
}

impl Kind {
    fn word(self, word: &str) -> String {
        match self {
            Self::Task => word.to_owned(),
            Self::Group => word.to_uppercase(),
        }
    }
}

/// The word of a cloud on the wire.
pub(crate) fn cloud_word(cloud: Cloud) -> String {
    cloud.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Fills in a whole job. The places are those of source and destination, if they are given as
/// addresses.
pub(crate) fn fill(
    body: &mut Body,
    job: &Job,
    (from, to): (Option<&Place>, Option<&Place>),
    kind: Kind,
) -> Result<()> {
    fill_source(body, &job.source, from, kind)?;
    fill_destination(body, &job.destination, to)?;
    fill_options(body, &job.options)
}

/// Takes the region of the service for a destination that has none.
pub(crate) fn fill_region(body: &mut Body, region: Option<&str>) {
    if let Some(region) = region.filter(|_| body.has(&["dst_node"])) {
        body.set_default(&["dst_node", "region"], region);
    }
}

/// Fills in the source side.
fn fill_source(body: &mut Body, source: &Source, place: Option<&Place>, kind: Kind) -> Result<()> {
    let cloud = source.source_cloud.or(place.map(|place| place.cloud));
    body.set_given(&["src_node", "cloud_type"], cloud.map(cloud_word));
    let region = source.source_region.clone().or_else(|| place.map(|place| place.region.clone()));
    body.set_given(&["src_node", "region"], region);
    let bucket = source.source_bucket.clone().or_else(|| place.map(|place| place.bucket.clone()));
    let has_bucket = bucket.is_some() || body.has(&["src_node", "bucket"]);
    body.set_given(&["src_node", "bucket"], bucket);
    body.set_given(&["src_node", "app_id"], source.source_app_id.clone());
    for (field, flag, secret) in source.keys.each() {
        body.set_secret(&["src_node", field], flag, secret)?;
    }
    choose_objects(body, source, place, kind, has_bucket)
}

fn choose_objects(
    body: &mut Body,
    source: &Source,
    place: Option<&Place>,
    kind: Kind,
    has_bucket: bool,
) -> Result<()> {
    let from_place = place.map(|place| place.prefix.as_str()).filter(|prefix| !prefix.is_empty());
    let mut keys = source.source_object.clone();
    if let Some(path) = &source.keys_from {
        keys = read_keys(path, Some(MOST_KEYS))?;
    }
    let list = source.list_file.as_ref().map(|list| ("list", "--list-file", list));
    let list = list.or(source.url_list_file.as_ref().map(|list| ("url_list", "--url-list-file", list)));
    if let Some((word, flag, list)) = list {
        let (bucket, key) = split_list(list, flag)?;
        body.set(&["task_type"], kind.word(word));
        body.set(&["src_node", "list_file"], json!({"obs_bucket": bucket, "list_file_key": key}));
        if word == "url_list" {
            body.set(&["src_node", "cloud_type"], cloud_word(Cloud::UrlSource));
        }
    } else if !keys.is_empty() {
        if kind == Kind::Group {
            return Err(Failure::usage("a group cannot be told single objects")
                .help("use --source-prefix or --list-file, or create a task instead"));
        }
        // The place may name a folder that the keys lie in.
        let keys = keys.into_iter().map(|key| format!("{}{key}", from_place.unwrap_or_default()));
        body.set(&["task_type"], "object");
        body.set(&["src_node", "object_key"], keys.collect::<Vec<_>>());
    } else if !source.source_prefix.is_empty() {
        body.set(&["task_type"], kind.word("prefix"));
        let prefixes =
            source.source_prefix.iter().map(|prefix| format!("{}{prefix}", from_place.unwrap_or_default()));
        body.set(&["src_node", "object_key"], prefixes.collect::<Vec<_>>());
    } else if place.is_some()
        || (has_bucket && !body.has(&["src_node", "object_key"]) && !body.has(&["src_node", "list_file"]))
    {
        // An empty prefix begins every key: the whole bucket.
        body.set(&["task_type"], kind.word("prefix"));
        body.set(&["src_node", "object_key"], json!([from_place.unwrap_or_default()]));
    }
    Ok(())
}

/// Bucket and key of `BUCKET/KEY`.
pub(crate) fn split_list<'a>(list: &'a str, what: &str) -> Result<(&'a str, &'a str)> {
    list.split_once('/').filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty()).ok_or_else(|| {
        Failure::usage(format!("{what} {list:?} lacks a bucket or a key"))
            .help("write it as BUCKET/KEY; the bucket must be in the destination's region")
    })
}

/// Fills in the destination side.
fn fill_destination(body: &mut Body, destination: &Destination, place: Option<&Place>) -> Result<()> {
    let bucket = destination.dest_bucket.clone().or_else(|| place.map(|place| place.bucket.clone()));
    body.set_given(&["dst_node", "bucket"], bucket);
    let region = destination.dest_region.clone().or_else(|| place.map(|place| place.region.clone()));
    body.set_given(&["dst_node", "region"], region);
    let prefix = place.map(|place| place.prefix.clone()).filter(|prefix| !prefix.is_empty());
    body.set_given(&["dst_node", "save_prefix"], destination.dest_prefix.clone().or(prefix));
    for (field, flag, secret) in destination.keys.each() {
        body.set_secret(&["dst_node", field], flag, secret)?;
    }
    Ok(())
}

/// Fills in how the job works.
fn fill_options(body: &mut Body, options: &JobOptions) -> Result<()> {
    body.set_given(&["description"], options.description.clone());
    body.set_given(&["migrate_since"], options.since);
    if !options.bandwidth.is_empty() {
        body.set(&["bandwidth_policy"], bandwidth(&options.bandwidth)?);
    }
    body.set_given(&["object_overwrite_mode"], options.overwrite.map(|mode| mode.wire()));
    body.set_given(&["consistency_check"], options.consistency.map(|check| check.wire()));
    body.set_given(&["dst_storage_policy"], options.storage_class.map(|class| class.wire()));
    for (field, given, value) in [
        ("enable_metadata_migration", options.metadata, true),
        ("enable_restore", options.restore, true),
        ("enable_failed_object_recording", options.no_failed_list, false),
        ("enable_requester_pays", options.requester_pays, true),
    ] {
        if given {
            body.set(&[field], value);
        }
    }
    if let Some(domain) = &options.cdn_domain {
        body.set(&["source_cdn", "domain"], domain.clone());
        body.set(
            &["source_cdn", "protocol"],
            options.cdn_protocol.clone().unwrap_or_else(|| "https".to_owned()),
        );
        let scheme = options.cdn_authentication.clone().unwrap_or_else(|| "NONE".to_owned());
        body.set(&["source_cdn", "authentication_type"], scheme);
        body.set_secret(&["source_cdn", "authentication_key"], "--cdn-key", options.cdn_key.as_ref())?;
    }
    Ok(())
}

/// Fills in the keys of a start.
pub(crate) fn fill_start(body: &mut Body, keys: &StartKeys) -> Result<()> {
    for (field, flag, secret) in keys.source.each() {
        // Those that only one side can have stand without a prefix.
        let alone = ["connection_string", "json_auth_file"].contains(&field);
        let field = if alone { field.to_owned() } else { format!("src_{field}") };
        body.set_secret(&[&field], flag, secret)?;
    }
    for (field, flag, secret) in keys.destination.each() {
        body.set_secret(&[&format!("dst_{field}")], flag, secret)?;
    }
    body.set_secret(&["source_cdn_authentication_key"], "--cdn-key", keys.cdn_key.as_ref())
}

/// Fills in the keys to a cloud, for look-ups.
pub(crate) fn fill_access(body: &mut Body, access: &CloudAccess) -> Result<()> {
    body.set_given(&["cloud_type"], access.cloud.map(cloud_word));
    body.set_given(&["app_id"], access.app_id.clone());
    for (field, flag, secret) in [
        ("ak", "--ak", &access.ak),
        ("sk", "--sk", &access.sk),
        ("connection_string", "--connection-string", &access.connection_string),
        ("json_auth_file", "--json-auth", &access.json_auth),
    ] {
        body.set_secret(&[field], flag, secret.as_ref())?;
    }
    Ok(())
}

/// The plan for limits such as `50MiB/s` or `08:00-20:00=50MiB/s`.
pub(crate) fn bandwidth_plan(limits: &[String]) -> Result<BandwidthPlan> {
    let mut plan = BandwidthPlan::new();
    for limit in limits {
        let (window, speed) = match limit.split_once('=') {
            Some((window, speed)) => (window.parse::<TimeWindow>()?, speed),
            None => (TimeWindow::all_day(), limit.as_str()),
        };
        plan = plan.limit(window, speed.parse::<Bandwidth>()?)?;
    }
    Ok(plan)
}

/// The same on the wire.
pub(crate) fn bandwidth(limits: &[String]) -> Result<Value> {
    let plan = bandwidth_plan(limits)?;
    let periods = plan.windows().map(|(window, speed)| {
        json!({
            "start": window.start().to_string(),
            "end": window.end().to_string(),
            "max_bandwidth": speed.bytes_per_second(),
        })
    });
    Ok(periods.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::args::Format;
    use crate::body::operation;
    use crate::output::Output;

    fn keys<T: Default>(fill: impl FnOnce(&mut T)) -> T {
        let mut value = T::default();
        fill(&mut value);
        value
    }

    fn task(source: &Source, place: &str) -> Result<Value> {
        let mut body = Body::empty();
        let from = Place::parse(place, "SRC")?;
        let to = Place::parse("obs://cn-north-4/to/into/", "DST")?;
        fill_source(&mut body, source, Some(&from), Kind::Task)?;
        let destination: Destination = keys(|keys: &mut Destination| {
            keys.keys.dest_ak = Some("cmd:printf DA".into());
            keys.keys.dest_sk = Some("cmd:printf DS".into());
        });
        fill_destination(&mut body, &destination, Some(&to))?;
        Ok(body.finish(operation("CreateTask")?, &Output::new(Format::Json, true))?.into_value())
    }

    #[test]
    fn a_place_alone_means_all_below_it() {
        let value = task(&Source::default(), "aws://eu-west-1/photos/2026/").unwrap();
        assert_eq!(value["task_type"], "prefix");
        assert_eq!(value["src_node"]["object_key"], json!(["2026/"]));
        assert_eq!(value["src_node"]["cloud_type"], "AWS");
        assert_eq!(value["dst_node"]["save_prefix"], "into/");
        assert_eq!(value["dst_node"]["sk"], "DS");
        let value = task(&Source::default(), "aws://eu-west-1/photos").unwrap();
        assert_eq!(value["src_node"]["object_key"], json!([""]));
    }

    #[test]
    fn objects_lie_in_the_folder_of_the_place() {
        let source = keys(|source: &mut Source| source.source_object = vec!["a".to_owned(), "b/".to_owned()]);
        let value = task(&source, "obs://r/photos/2026/").unwrap();
        assert_eq!(value["task_type"], "object");
        assert_eq!(value["src_node"]["object_key"], json!(["2026/a", "2026/b/"]));
    }

    #[test]
    fn a_list_lies_in_a_bucket() {
        let source = keys(|source: &mut Source| source.url_list_file = Some("lists/a/b.txt".to_owned()));
        let value = task(&source, "aws://r/any").unwrap();
        assert_eq!(value["task_type"], "url_list");
        assert_eq!(value["src_node"]["cloud_type"], "URLSource");
        assert_eq!(
            value["src_node"]["list_file"],
            json!({"obs_bucket": "lists", "list_file_key": "a/b.txt"})
        );
        let source = keys(|source: &mut Source| source.list_file = Some("lists".to_owned()));
        assert!(task(&source, "aws://r/any").unwrap_err().message().contains("--list-file"));
    }

    #[test]
    fn a_literal_key_is_refused_by_its_argument() {
        let source = keys(|source: &mut Source| source.keys.source_sk = Some("hunter2".into()));
        let failure = task(&source, "aws://r/b").unwrap_err();
        assert!(failure.message().starts_with("--source-sk"), "{}", failure.message());
    }

    #[test]
    fn limits_are_all_day_or_by_time() {
        assert_eq!(
            bandwidth(&["2MiB/s".to_owned()]).unwrap(),
            json!([{"start": "00:00", "end": "23:59", "max_bandwidth": 2_097_152}])
        );
        let two = bandwidth(&["08:00-17:59=2MiB/s".to_owned(), "18:00-19:00=1MiB/s".to_owned()]).unwrap();
        assert_eq!(two.as_array().unwrap().len(), 2);
        for wrong in [&["fast"][..], &["500MiB/s"], &["2MiB/s", "08:00-09:00=2MiB/s"], &["8-9=2MiB/s"]] {
            let limits: Vec<_> = wrong.iter().map(ToString::to_string).collect();
            assert_eq!(bandwidth(&limits).unwrap_err().code(), crate::exit::ExitCode::Usage);
        }
    }

    #[test]
    fn a_group_speaks_in_upper_case_and_takes_no_single_objects() {
        let place = Place::parse("aws://r/b/p/", "SRC").unwrap();
        let mut body = Body::empty();
        fill_source(&mut body, &Source::default(), Some(&place), Kind::Group).unwrap();
        assert!(body.has(&["task_type"]));
        let source = keys(|source: &mut Source| source.source_object = vec!["a".to_owned()]);
        assert!(fill_source(&mut body, &source, Some(&place), Kind::Group).is_err());
    }
}
