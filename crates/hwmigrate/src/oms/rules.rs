//! The documented rules of each request.
//!
//! Sources: the field tables of <https://support.huaweicloud.com/api-oms/>.
//! Where the documents disagree, the rule here refuses only what every one of
//! them refuses, so that a request which the service would take is not lost.

use hwmigrate_api::Secret;
use hwmigrate_api::oms::types::{
    BandwidthPolicyDto, BatchUpdateTasksReq, CdnAuthenticationType, CloudType, ConsistencyCheck,
    CreateSyncTaskReq, CreateTaskGroupReq, CreateTaskReq, CryptoType, ListFile, RetryTaskGroupReq, SmnConfig,
    SourceCdnReq, StartSyncTaskReq, StartTaskGroupReq, StartTaskReq, TaskGroupTaskType, TaskType,
};

use super::bandwidth::{RawPeriod, check_periods};
use crate::error::Result;
use crate::jobs::check::{Checks, check_task_id};
use crate::jobs::moment::UnixSeconds;

/// Task ids in one BatchUpdateTasks.
const MOST_IDS: usize = 20;
/// Entries of `object_key`.
const MOST_KEYS: usize = 500;
/// Longest key, and longest prefix with key.
const LONGEST_KEY: usize = 1024;

/// How the objects of a job are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Keys,
    List,
    UrlList,
    /// A word that this version does not know: the service decides.
    Other,
}

/// The parts of a source that tasks and groups share.
struct Source<'a> {
    cloud: Option<&'a CloudType>,
    region: Option<&'a str>,
    bucket: Option<&'a str>,
    ak: Option<&'a Secret>,
    sk: Option<&'a Secret>,
    connection_string: Option<&'a Secret>,
    json_auth_file: Option<&'a Secret>,
    security_token: Option<&'a Secret>,
    app_id: Option<&'a str>,
    keys: &'a [String],
    list_file: Option<&'a ListFile>,
}

/// The parts of a destination that tasks and groups share.
struct Destination<'a> {
    ak: &'a Secret,
    sk: &'a Secret,
    security_token: Option<&'a Secret>,
    region: &'a str,
    bucket: &'a str,
    save_prefix: Option<&'a str>,
}

/// How the keys of both sides are encrypted, in each request that sends them anew.
macro_rules! check_crypto {
    ($checks:ident, $req:ident) => {
        let (kind, key) = ($req.src_crypto_type.as_ref(), $req.src_kms_key_id.as_deref());
        $checks.crypto("", "src_crypto_type", kind, "src_kms_key_id", key);
        let (kind, key) = ($req.dst_crypto_type.as_ref(), $req.dst_kms_key_id.as_deref());
        $checks.crypto("", "dst_crypto_type", kind, "dst_kms_key_id", key);
    };
}

/// Holds a create against the rules of tasks and groups alike; only tasks have session tokens.
macro_rules! check_job {
    ($req:ident, $choice:expr, $operation:literal, $source_token:expr, $destination_token:expr) => {{
        let mut checks = Checks::new();
        let node = &$req.src_node;
        let source = Source {
            cloud: node.cloud_type.as_ref(),
            region: node.region.as_deref(),
            bucket: node.bucket.as_deref(),
            ak: node.ak.as_ref(),
            sk: node.sk.as_ref(),
            connection_string: node.connection_string.as_ref(),
            json_auth_file: node.json_auth_file.as_ref(),
            security_token: $source_token,
            app_id: node.app_id.as_deref(),
            keys: &node.object_key,
            list_file: node.list_file.as_ref(),
        };
        checks.source($choice, &source);
        let (kind, key) = (node.crypto_type.as_ref(), node.kms_key_id.as_deref());
        checks.crypto("src_node", "crypto_type", kind, "kms_key_id", key);
        let node = &$req.dst_node;
        let destination = Destination {
            ak: &node.ak,
            sk: &node.sk,
            security_token: $destination_token,
            region: &node.region,
            bucket: &node.bucket,
            save_prefix: node.save_prefix.as_deref(),
        };
        checks.destination(&destination, source.keys);
        let (kind, key) = (node.crypto_type.as_ref(), node.kms_key_id.as_deref());
        checks.crypto("dst_node", "crypto_type", kind, "kms_key_id", key);
        checks.description("description", $req.description.as_deref().unwrap_or_default());
        checks.since($req.migrate_since);
        checks.bandwidth(&$req.bandwidth_policy);
        checks.cdn($req.source_cdn.as_ref());
        checks.smn($req.smn_config.as_ref());
        checks.finish($operation)
    }};
}

pub(crate) fn create_task(req: &CreateTaskReq) -> Result<()> {
    let choice = match req.task_type.as_ref().unwrap_or(&TaskType::Object) {
        TaskType::Object | TaskType::Prefix => Choice::Keys,
        TaskType::List => Choice::List,
        TaskType::UrlList => Choice::UrlList,
        _ => Choice::Other,
    };
    let tokens = (req.src_node.security_token.as_ref(), req.dst_node.security_token.as_ref());
    check_job!(req, choice, "CreateTask", tokens.0, tokens.1)
}

pub(crate) fn create_group(req: &CreateTaskGroupReq) -> Result<()> {
    let choice = match req.task_type.as_ref().unwrap_or(&TaskGroupTaskType::Prefix) {
        TaskGroupTaskType::Prefix => Choice::Keys,
        TaskGroupTaskType::List => Choice::List,
        TaskGroupTaskType::UrlList => Choice::UrlList,
        _ => Choice::Other,
    };
    check_job!(req, choice, "CreateTaskGroup", None, None)
}

pub(crate) fn create_sync_task(req: &CreateSyncTaskReq) -> Result<()> {
    let mut checks = Checks::new();
    if let Some(cloud @ (CloudType::Google | CloudType::UrlSource)) = &req.src_cloud_type {
        checks.add("src_cloud_type", format!("is {cloud}"), "use a task: sync tasks do not read from there");
    }
    if req.src_cloud_type == Some(CloudType::Tencent) {
        checks.present("app_id", req.app_id.as_deref(), "the APPID of the Tencent account");
    }
    checks.named("src_region", &req.src_region, 100, "the region of the source bucket");
    checks.named("src_bucket", &req.src_bucket, 1024, "the name of the source bucket");
    checks.source_keys_given(&req.src_ak, &req.src_sk);
    checks.named("dst_region", &req.dst_region, 100, "the region of the destination bucket");
    checks.named("dst_bucket", &req.dst_bucket, 1024, "the name of the destination bucket");
    checks.destination_keys(&req.dst_ak, &req.dst_sk);
    if req.consistency_check == Some(ConsistencyCheck::NoCheck) {
        checks.add("consistency_check", "is no_check", "write transmission, as sync tasks call it");
    }
    check_crypto!(checks, req);
    checks.description("description", req.description.as_deref().unwrap_or_default());
    checks.cdn(req.source_cdn.as_ref());
    checks.finish("CreateSyncTask")
}

pub(crate) fn start_task(req: &StartTaskReq) -> Result<()> {
    let mut checks = Checks::new();
    checks.pair("src_ak", req.src_ak.as_ref(), "src_sk", req.src_sk.as_ref());
    checks.destination_keys(&req.dst_ak, &req.dst_sk);
    checks.long_secret("src_security_token", req.src_security_token.as_ref(), 16_384);
    checks.long_secret("dst_security_token", req.dst_security_token.as_ref(), 16_384);
    checks.other_keys(
        req.connection_string.as_ref(),
        req.json_auth_file.as_ref(),
        req.source_cdn_authentication_key.as_ref(),
    );
    check_crypto!(checks, req);
    checks.finish("StartTask")
}

pub(crate) fn start_group(req: &StartTaskGroupReq) -> Result<()> {
    let mut checks = Checks::new();
    checks.pair("src_ak", req.src_ak.as_ref(), "src_sk", req.src_sk.as_ref());
    checks.destination_keys(&req.dst_ak, &req.dst_sk);
    checks.other_keys(
        req.connection_string.as_ref(),
        req.json_auth_file.as_ref(),
        req.source_cdn_authentication_key.as_ref(),
    );
    check_crypto!(checks, req);
    checks.finish("StartTaskGroup")
}

pub(crate) fn retry_group(req: &RetryTaskGroupReq) -> Result<()> {
    let mut checks = Checks::new();
    checks.pair("src_ak", req.src_ak.as_ref(), "src_sk", req.src_sk.as_ref());
    checks.pair("dst_ak", req.dst_ak.as_ref(), "dst_sk", req.dst_sk.as_ref());
    checks.other_keys(
        req.connection_string.as_ref(),
        req.json_auth_file.as_ref(),
        req.source_cdn_authentication_key.as_ref(),
    );
    check_crypto!(checks, req);
    checks.finish("RetryTaskGroup")
}

pub(crate) fn start_sync_task(req: &StartSyncTaskReq) -> Result<()> {
    let mut checks = Checks::new();
    checks.source_keys_given(&req.src_ak, &req.src_sk);
    checks.destination_keys(&req.dst_ak, &req.dst_sk);
    check_crypto!(checks, req);
    checks.finish("StartSyncTask")
}

pub(crate) fn bandwidth(operation: &'static str, policy: &[BandwidthPolicyDto]) -> Result<()> {
    let mut checks = Checks::new();
    checks.bandwidth(policy);
    checks.finish(operation)
}

pub(crate) fn batch_update(req: &BatchUpdateTasksReq) -> Result<()> {
    let mut checks = Checks::new();
    let group = req.group_id.as_deref().filter(|id| !id.is_empty());
    match (group, req.ids.len()) {
        (Some(_), 1..) => checks.add("group_id and ids", "are both given", "give exactly one of them"),
        (None, 0) => checks.add("group_id and ids", "are both missing", "give exactly one of them"),
        (None, count) if count > MOST_IDS => {
            checks.add("ids", format!("has {count} entries"), format!("use at most {MOST_IDS} per call"));
        }
        _ => {}
    }
    if let Some(id) = group {
        checks.length("group_id", id, 36);
    }
    checks.bandwidth(&req.bandwidth_policy);
    checks.finish("BatchUpdateTasks")?;
    req.ids.iter().try_for_each(|id| check_task_id("BatchUpdateTasks", *id))
}

impl Checks {
    fn source_keys_given(&mut self, ak: &Secret, sk: &Secret) {
        self.secret("src_ak", ak, 100, "the access key id of the source");
        self.secret("src_sk", sk, 100, "the secret access key of the source");
    }

    fn destination_keys(&mut self, ak: &Secret, sk: &Secret) {
        self.secret("dst_ak", ak, 100, "the access key id of the destination");
        self.secret("dst_sk", sk, 100, "the secret access key of the destination");
    }

    /// Credentials that only some kinds of sources have.
    fn other_keys(&mut self, azure: Option<&Secret>, google: Option<&Secret>, cdn: Option<&Secret>) {
        self.long_secret("connection_string", azure, 2048);
        self.long_secret("json_auth_file", google, 65_535);
        self.long_secret("source_cdn_authentication_key", cdn, 255);
    }

    fn source(&mut self, choice: Choice, source: &Source<'_>) {
        let url_cloud = source.cloud == Some(&CloudType::UrlSource);
        match choice {
            Choice::UrlList if !url_cloud => {
                let given = source.cloud.map_or("missing".to_owned(), |cloud| format!("{cloud}"));
                self.add("src_node.cloud_type", format!("is {given}"), "write URLSource for a URL list");
            }
            Choice::Keys | Choice::List if url_cloud => {
                self.add(
                    "src_node.cloud_type",
                    "is URLSource",
                    "name the provider, or choose the task type url_list",
                );
            }
            _ => {}
        }
        if matches!(choice, Choice::Keys | Choice::List) {
            self.present("src_node.region", source.region, "the region of the source bucket");
            self.present("src_node.bucket", source.bucket, "the name of the source bucket");
            self.source_keys(source);
        }
        if choice == Choice::Keys && source.keys.is_empty() {
            self.add(
                "src_node.object_key",
                "is empty",
                "give keys or prefixes, or one empty text for the whole bucket",
            );
        }
        self.keys("src_node.object_key", source.keys, MOST_KEYS, LONGEST_KEY);
        if matches!(choice, Choice::List | Choice::UrlList) {
            match source.list_file {
                None => self.add("src_node.list_file", "is missing", "name the list file and its OBS bucket"),
                Some(file) => {
                    self.required(
                        "src_node.list_file.list_file_key",
                        &file.list_file_key,
                        "the key of the list file",
                    );
                    self.length("src_node.list_file.list_file_key", &file.list_file_key, LONGEST_KEY);
                    let what = "the OBS bucket of the list file, in the destination region";
                    self.named("src_node.list_file.obs_bucket", &file.obs_bucket, 1024, what);
                }
            }
        }
        if source.cloud == Some(&CloudType::Hec) {
            self.add("src_node.cloud_type", "is HEC", "write HuaweiCloud, as jobs call it");
        }
        if source.cloud == Some(&CloudType::Tencent) {
            self.present("src_node.app_id", source.app_id, "the APPID of the Tencent account");
        }
        self.text("src_node.app_id", source.app_id.unwrap_or_default(), 255);
        self.text("src_node.region", source.region.unwrap_or_default(), 100);
        self.text("src_node.bucket", source.bucket.unwrap_or_default(), 1024);
        self.long_secret("src_node.connection_string", source.connection_string, 2048);
        self.long_secret("src_node.json_auth_file", source.json_auth_file, 65_535);
        self.long_secret("src_node.security_token", source.security_token, 16_384);
    }

    /// Which of the sources' own credentials replace a key pair is not
    /// documented, so either way is let through.
    fn source_keys(&mut self, source: &Source<'_>) {
        let replaced = match source.cloud {
            Some(CloudType::Azure) => source.connection_string.is_some(),
            Some(CloudType::Google) => source.json_auth_file.is_some(),
            _ => false,
        };
        let fix = match source.cloud {
            Some(CloudType::Azure) => "the access key of the source, or a connection string",
            Some(CloudType::Google) => "the access key of the source, or the service account's JSON text",
            _ => "the access key of the source",
        };
        for (field, key) in [("src_node.ak", source.ak), ("src_node.sk", source.sk)] {
            match key.filter(|key| !key.is_empty()) {
                Some(key) => self.secret(field, key, 100, fix),
                None if replaced => {}
                None => self.add(field, "is missing", format!("give {fix}")),
            }
        }
    }

    fn destination(&mut self, destination: &Destination<'_>, keys: &[String]) {
        self.secret("dst_node.ak", destination.ak, 100, "the access key id of the destination");
        self.secret("dst_node.sk", destination.sk, 100, "the secret access key of the destination");
        self.long_secret("dst_node.security_token", destination.security_token, 16_384);
        self.named(
            "dst_node.region",
            destination.region,
            100,
            "the region of the destination, which the endpoint has",
        );
        self.named("dst_node.bucket", destination.bucket, 1024, "the name of the destination bucket");
        if let Some(prefix) = destination.save_prefix {
            self.length("dst_node.save_prefix", prefix, LONGEST_KEY);
            let prefix = prefix.chars().count();
            let longest = keys.iter().map(|key| key.chars().count()).max().unwrap_or(0);
            if prefix <= LONGEST_KEY && longest <= LONGEST_KEY && prefix + longest > LONGEST_KEY {
                self.add(
                    "dst_node.save_prefix",
                    format!("makes a key of {} characters", prefix + longest),
                    format!("keep prefix and key together within {LONGEST_KEY}"),
                );
            }
        }
    }

    /// A required secret; its value never reaches the text.
    pub(crate) fn secret(&mut self, field: &str, secret: &Secret, most: usize, what: &str) {
        if secret.expose().trim().is_empty() {
            self.add(field, "is empty", format!("give {what}"));
        } else if secret.expose().trim() != secret.expose() {
            self.add(
                field,
                "begins or ends with white space",
                "leave it out (a line break of a file, perhaps)",
            );
        } else if secret.expose().contains(['<', '>', '&', '"', '\'', '\\']) {
            self.add(field, "contains a character that no key has", "leave out < > & \" ' \\");
        }
        self.length(field, secret.expose(), most);
    }

    pub(crate) fn long_secret(&mut self, field: &str, secret: Option<&Secret>, most: usize) {
        if let Some(secret) = secret {
            self.length(field, secret.expose(), most);
        }
    }

    /// Two secrets that go together or not at all.
    fn pair(&mut self, id_field: &str, id: Option<&Secret>, key_field: &str, key: Option<&Secret>) {
        match (id, key) {
            (Some(_), None) => self.add(key_field, "is missing", format!("give it together with {id_field}")),
            (None, Some(_)) => self.add(id_field, "is missing", format!("give it together with {key_field}")),
            (Some(id), Some(key)) => {
                self.secret(id_field, id, 100, "the access key id, or leave both out");
                self.secret(key_field, key, 100, "the secret access key, or leave both out");
            }
            (None, None) => {}
        }
    }

    fn crypto(&mut self, at: &str, field: &str, kind: Option<&CryptoType>, id_field: &str, id: Option<&str>) {
        let path = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
        if kind == Some(&CryptoType::Kms) && id.is_none_or(str::is_empty) {
            self.add(
                path(id_field),
                "is missing",
                format!("give the id of the KMS key, or leave out {field}"),
            );
        }
        if let Some(id) = id.filter(|id| !id.is_empty() && !is_uuid(id)) {
            self.add(
                path(id_field),
                format!("is {id:?}"),
                "give the key's id, 8-4-4-4-12 digits and lower-case letters",
            );
        }
    }

    fn since(&mut self, since: Option<i64>) {
        if let Some(since) = since.filter(|since| UnixSeconds::new(*since).is_err()) {
            self.add("migrate_since", format!("is {since}"), "give seconds since 1970, not milliseconds");
        }
    }

    fn bandwidth(&mut self, policy: &[BandwidthPolicyDto]) {
        let periods = policy.iter().map(|period| RawPeriod {
            start: &period.start,
            end: &period.end,
            limit: period.max_bandwidth,
        });
        check_periods("bandwidth_policy", periods, &mut self.problems);
    }

    pub(crate) fn cdn(&mut self, cdn: Option<&SourceCdnReq>) {
        let Some(cdn) = cdn else { return };
        let domain = cdn.domain.trim_end_matches('.').to_ascii_lowercase();
        let host = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        };
        if !(3..=255).contains(&cdn.domain.chars().count())
            || !domain.contains('.')
            || !domain.split('.').all(host)
        {
            let fix = "give the host name alone, such as cdn.example.com, without scheme and path";
            self.add("source_cdn.domain", format!("is {:?}", cdn.domain), fix);
        }
        if ["myhuaweicloud.com", "myhwclouds.com"].iter().any(|own| domain.ends_with(own)) {
            self.add(
                "source_cdn.domain",
                format!("is {:?}", cdn.domain),
                "give the domain of a CDN, not of Huawei Cloud",
            );
        }
        let word = cdn.authentication_type.as_str();
        let needs_key = word.starts_with("ALIYUN") || word.starts_with("TENCENT");
        if needs_key && cdn.authentication_key.as_ref().is_none_or(Secret::is_empty) {
            self.add(
                "source_cdn.authentication_key",
                "is missing",
                format!("give the key of {word}, or use {}", CdnAuthenticationType::None),
            );
        }
        self.long_secret("source_cdn.authentication_key", cdn.authentication_key.as_ref(), 255);
    }

    fn smn(&mut self, smn: Option<&SmnConfig>) {
        let Some(smn) = smn else { return };
        self.named(
            "smn_config.topic_urn",
            &smn.topic_urn,
            1024,
            "the URN of a topic in the endpoint's region",
        );
        if !(1..=2).contains(&smn.trigger_conditions.len()) {
            let count = smn.trigger_conditions.len();
            self.add(
                "smn_config.trigger_conditions",
                format!("has {count} entries"),
                "give SUCCESS, FAILURE or both",
            );
        }
        self.charset(
            "smn_config.message_template_name",
            smn.message_template_name.as_deref().unwrap_or_default(),
        );
    }
}

/// 8-4-4-4-12 of digits and lower-case letters.
fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()))
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
