//! Friendly ways to write the larger requests.
//!
//! The generated structs have a field for everything and say nothing about
//! which fields belong together. The builders here know: a prefix makes the
//! task a prefix task, a list file needs its bucket, a bandwidth plan is
//! checked when it is made. They dereference to the generated struct, so they
//! are accepted wherever that is, and whatever they do not cover can be set on
//! [`into_inner`](TaskRequest::into_inner).

use std::ops::Deref;

use hwmigrate_api::Secret;
use hwmigrate_api::oms::types::{
    BandwidthPolicyDto, CloudType, ConsistencyCheck, CreateTaskGroupReq, CreateTaskReq, DstNodeReq,
    DstStoragePolicy, ListFile, ObjectOverwriteMode, SmnConfig, SourceCdnReq, SrcNodeReq, TaskGroupDstNode,
    TaskGroupSrcNode, TaskGroupTaskType, TaskPriority, TaskType,
};

use super::bandwidth::BandwidthPlan;
use super::sync_request::tokenless;
use crate::error::{Error, Result};
use crate::jobs::check::Checks;
use crate::jobs::moment::UnixSeconds;

/// Where the objects come from, and the keys to read them with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source(pub(super) SrcNodeReq);

impl Source {
    /// A bucket of a provider, by its word (`"AWS"`, `"Aliyun"`, …) or by
    /// [`CloudType`], with an access key that may list and read it.
    pub fn bucket(
        cloud: impl Into<CloudType>,
        region: impl Into<String>,
        bucket: impl Into<String>,
        ak: impl Into<Secret>,
        sk: impl Into<Secret>,
    ) -> Self {
        Self(SrcNodeReq {
            cloud_type: Some(cloud.into()),
            region: Some(region.into()),
            bucket: Some(bucket.into()),
            ak: Some(ak.into()),
            sk: Some(sk.into()),
            ..SrcNodeReq::default()
        })
    }

    /// An Azure container, with the storage account's connection string.
    pub fn azure(
        region: impl Into<String>,
        container: impl Into<String>,
        connection: impl Into<Secret>,
    ) -> Self {
        Self(SrcNodeReq {
            cloud_type: Some(CloudType::Azure),
            region: Some(region.into()),
            bucket: Some(container.into()),
            connection_string: Some(connection.into()),
            ..SrcNodeReq::default()
        })
    }

    /// A Google bucket, with the JSON text of a service account's key file.
    pub fn google(region: impl Into<String>, bucket: impl Into<String>, json: impl Into<Secret>) -> Self {
        Self(SrcNodeReq {
            cloud_type: Some(CloudType::Google),
            region: Some(region.into()),
            bucket: Some(bucket.into()),
            json_auth_file: Some(json.into()),
            ..SrcNodeReq::default()
        })
    }

    /// No bucket: the addresses come from a URL list, see [`TaskRequest::url_list`].
    pub fn urls() -> Self {
        Self(SrcNodeReq { cloud_type: Some(CloudType::UrlSource), ..SrcNodeReq::default() })
    }

    /// The session token of temporary keys. Task groups and sync tasks take none and are refused with one.
    #[must_use]
    pub fn security_token(mut self, token: impl Into<Secret>) -> Self {
        self.0.security_token = Some(token.into());
        self
    }

    /// The APPID of a Tencent account, which Tencent sources need.
    #[must_use]
    pub fn app_id(mut self, app_id: impl Into<String>) -> Self {
        self.0.app_id = Some(app_id.into());
        self
    }
}

/// For fields that no constructor has, such as the KMS key of the credentials.
///
/// `Invalid` for a node that chooses objects: what is copied is said to the request
/// ([`TaskRequest::prefix`], [`TaskRequest::objects`]), which would take the whole bucket otherwise.
impl TryFrom<SrcNodeReq> for Source {
    type Error = Error;

    fn try_from(node: SrcNodeReq) -> Result<Self> {
        let mut chosen = Vec::new();
        if !node.object_key.is_empty() {
            chosen.push("source.object_key is given");
        }
        if node.list_file.is_some() {
            chosen.push("source.list_file is given");
        }
        if chosen.is_empty() {
            return Ok(Self(node));
        }
        let fix = "leave it out: a task is told what to copy by its request, a sync task by `events`";
        Err(Error::invalid(format!("{}; {fix}", chosen.join("; "))))
    }
}

/// Where the objects go: an OBS bucket in the region of the endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination(pub(super) DstNodeReq);

impl Destination {
    /// A bucket, with an access key that may read and write it.
    pub fn new(
        region: impl Into<String>,
        bucket: impl Into<String>,
        ak: impl Into<Secret>,
        sk: impl Into<Secret>,
    ) -> Self {
        Self(DstNodeReq {
            ak: ak.into(),
            bucket: bucket.into(),
            crypto_type: None,
            kms_key_id: None,
            region: region.into(),
            save_prefix: None,
            security_token: None,
            sk: sk.into(),
        })
    }

    /// The session token of temporary keys. Task groups and sync tasks take none and are refused with one.
    #[must_use]
    pub fn security_token(mut self, token: impl Into<Secret>) -> Self {
        self.0.security_token = Some(token.into());
        self
    }

    /// Puts this before every key; together at most 1,024 characters.
    #[must_use]
    pub fn save_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.0.save_prefix = Some(prefix.into()).filter(|prefix: &String| !prefix.is_empty());
        self
    }
}

/// For fields that no constructor has, such as the KMS key of the credentials.
impl From<DstNodeReq> for Destination {
    fn from(node: DstNodeReq) -> Self {
        Self(node)
    }
}

/// The setters that task and group requests share word for word.
macro_rules! shared_setters {
    () => {
        /// The keys in a list file (`.txt`, one URL-encoded key a line) in a
        /// bucket of the destination's region.
        #[must_use]
        pub fn list_file(self, bucket: impl Into<String>, key: impl Into<String>) -> Self {
            self.listed(bucket.into(), key.into(), false)
        }

        /// The addresses in a URL list file (`URL<TAB>key` a line) in a bucket
        /// of the destination's region. The source becomes `URLSource`.
        #[must_use]
        pub fn url_list(mut self, bucket: impl Into<String>, key: impl Into<String>) -> Self {
            self.0.src_node.cloud_type = Some(CloudType::UrlSource);
            self.listed(bucket.into(), key.into(), true)
        }

        /// Free text, at most 255 characters without `^ < > ( ) & " ' \`.
        #[must_use]
        pub fn description(mut self, text: impl Into<String>) -> Self {
            self.0.description = Some(text.into());
            self
        }

        /// Only objects that changed after this time.
        #[must_use]
        pub fn since(mut self, since: UnixSeconds) -> Self {
            self.0.migrate_since = Some(since.get());
            self
        }

        /// Limits on speed by time of day.
        #[must_use]
        pub fn bandwidth(mut self, plan: &BandwidthPlan) -> Self {
            self.0.bandwidth_policy = plan.to_policy();
            self
        }

        /// Reads the source through a CDN domain.
        #[must_use]
        pub fn cdn(mut self, cdn: SourceCdnReq) -> Self {
            self.0.source_cdn = Some(cdn);
            self
        }

        /// Sends a message through SMN at the end.
        #[must_use]
        pub fn notify(mut self, smn: SmnConfig) -> Self {
            self.0.smn_config = Some(smn);
            self
        }

        /// Whether metadata is copied; by default only the content type is.
        #[must_use]
        pub fn metadata(mut self, copy: bool) -> Self {
            self.0.enable_metadata_migration = Some(copy);
            self
        }

        /// Whether archived objects are thawed first; not by default.
        #[must_use]
        pub fn restore_archived(mut self, restore: bool) -> Self {
            self.0.enable_restore = Some(restore);
            self
        }

        /// Whether a list of failed objects is written below `oms/` in the
        /// destination bucket; it is by default, and a later start needs it to
        /// repeat the failed objects alone.
        #[must_use]
        pub fn record_failed_objects(mut self, record: bool) -> Self {
            self.0.enable_failed_object_recording = Some(record);
            self
        }

        /// What happens to objects that the destination already has; by
        /// default they are overwritten when the size differs or the source is newer.
        #[must_use]
        pub fn overwrite(mut self, mode: ObjectOverwriteMode) -> Self {
            self.0.object_overwrite_mode = Some(mode);
            self
        }

        /// The storage class at the destination; `STANDARD` by default.
        #[must_use]
        pub fn storage_class(mut self, class: DstStoragePolicy) -> Self {
            self.0.dst_storage_policy = Some(class);
            self
        }

        /// How source and destination are compared afterwards; by size and time by default.
        #[must_use]
        pub fn consistency(mut self, check: ConsistencyCheck) -> Self {
            self.0.consistency_check = Some(check);
            self
        }

        /// Whether the reader pays for reading the source; not by default.
        #[must_use]
        pub fn requester_pays(mut self, pays: bool) -> Self {
            self.0.enable_requester_pays = Some(pays);
            self
        }

        fn list_file_of(bucket: String, key: String) -> Option<ListFile> {
            Some(ListFile { list_file_key: key, list_file_num: None, obs_bucket: bucket })
        }
    };
}

/// A migration task to be: by default the whole bucket.
///
/// ```
/// use hwmigrate::oms::{BandwidthPlan, Destination, Source, TaskRequest};
///
/// # fn main() -> hwmigrate::Result<()> {
/// # let (ak, sk, obs_ak, obs_sk) = ("made-up", "made-up", "made-up", "made-up");
/// let request = TaskRequest::new(
///     Source::bucket("AWS", "eu-central-1", "photos", ak, sk),
///     Destination::new("cn-north-4", "photos-copy", obs_ak, obs_sk),
/// )
/// .prefix("2026/")
/// .bandwidth(&BandwidthPlan::new().limit("08:00-17:59".parse()?, "20MiB/s".parse()?)?)
/// .description("photos of this year");
/// assert_eq!(request.src_node.object_key, ["2026/"]);
/// # Ok(()) }
/// ```
///
/// Source: <https://support.huaweicloud.com/api-oms/CreateTask.html>.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRequest(CreateTaskReq);

impl TaskRequest {
    /// Copies the whole bucket, unless another method narrows it.
    pub fn new(source: Source, destination: Destination) -> Self {
        let mut src_node = source.0;
        src_node.object_key = vec![String::new()];
        src_node.list_file = None;
        Self(CreateTaskReq {
            bandwidth_policy: Vec::new(),
            consistency_check: None,
            description: None,
            dst_node: destination.0,
            dst_storage_policy: None,
            enable_failed_object_recording: None,
            enable_kms: None,
            enable_metadata_migration: None,
            enable_requester_pays: None,
            enable_restore: None,
            migrate_since: None,
            object_overwrite_mode: None,
            smn_config: None,
            source_cdn: None,
            src_node,
            task_priority: None,
            task_type: Some(TaskType::Object),
        })
    }

    /// Every key that begins with this. Further calls add further prefixes, 500 at most.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        if self.0.task_type != Some(TaskType::Prefix) {
            self.0.src_node.object_key.clear();
        }
        self.0.task_type = Some(TaskType::Prefix);
        self.0.src_node.list_file = None;
        self.0.src_node.object_key.push(prefix.into());
        self
    }

    /// Exactly these objects and folders (names ending in `/`), 500 at most.
    #[must_use]
    pub fn objects(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.0.task_type = Some(TaskType::Object);
        self.0.src_node.list_file = None;
        self.0.src_node.object_key = keys.into_iter().map(Into::into).collect();
        self
    }

    /// How soon the task gets a slot, compared with one's other tasks.
    #[must_use]
    pub fn priority(mut self, priority: TaskPriority) -> Self {
        self.0.task_priority = Some(priority);
        self
    }

    fn listed(mut self, bucket: String, key: String, urls: bool) -> Self {
        self.0.task_type = Some(if urls { TaskType::UrlList } else { TaskType::List });
        self.0.src_node.object_key.clear();
        self.0.src_node.list_file = Self::list_file_of(bucket, key);
        self
    }

    shared_setters!();

    /// The generated struct.
    pub fn into_inner(self) -> CreateTaskReq {
        self.0
    }
}

impl Deref for TaskRequest {
    type Target = CreateTaskReq;

    fn deref(&self) -> &CreateTaskReq {
        &self.0
    }
}

impl From<TaskRequest> for CreateTaskReq {
    fn from(request: TaskRequest) -> Self {
        request.0
    }
}

impl From<CreateTaskReq> for TaskRequest {
    fn from(request: CreateTaskReq) -> Self {
        Self(request)
    }
}

/// A task group to be: for more than about 3 TB or 5 million objects, which
/// the service splits into tasks. By default the whole bucket.
///
/// Source: <https://support.huaweicloud.com/api-oms/CreateTaskGroup.html>.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRequest(CreateTaskGroupReq);

impl GroupRequest {
    /// Copies the whole bucket, unless another method narrows it.
    ///
    /// # Errors
    /// `Invalid` with a session token: groups take permanent keys only.
    pub fn new(source: Source, destination: Destination) -> Result<Self> {
        let mut checks = Checks::new();
        tokenless(&mut checks, "task groups", &source, &destination);
        checks.finish("CreateTaskGroup")?;
        let (source, destination) = (source.0, destination.0);
        Ok(Self(CreateTaskGroupReq {
            bandwidth_policy: Vec::new(),
            consistency_check: None,
            description: None,
            dst_node: TaskGroupDstNode {
                ak: destination.ak,
                bucket: destination.bucket,
                cloud_type: None,
                crypto_type: destination.crypto_type,
                kms_key_id: destination.kms_key_id,
                region: destination.region,
                save_prefix: destination.save_prefix,
                sk: destination.sk,
            },
            dst_storage_policy: None,
            enable_failed_object_recording: None,
            enable_kms: None,
            enable_metadata_migration: None,
            enable_requester_pays: None,
            enable_restore: None,
            migrate_since: None,
            object_overwrite_mode: None,
            smn_config: None,
            source_cdn: None,
            src_node: TaskGroupSrcNode {
                ak: source.ak,
                app_id: source.app_id,
                bucket: source.bucket,
                cloud_type: source.cloud_type,
                connection_string: source.connection_string,
                crypto_type: source.crypto_type,
                json_auth_file: source.json_auth_file,
                kms_key_id: source.kms_key_id,
                list_file: None,
                object_key: vec![String::new()],
                region: source.region,
                sk: source.sk,
            },
            task_type: Some(TaskGroupTaskType::Prefix),
        }))
    }

    /// Every key that begins with this. Further calls add further prefixes, 500 at most.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        let keys = &mut self.0.src_node.object_key;
        keys.retain(|key| !key.is_empty());
        keys.push(prefix.into());
        self.0.task_type = Some(TaskGroupTaskType::Prefix);
        self.0.src_node.list_file = None;
        self
    }

    fn listed(mut self, bucket: String, key: String, urls: bool) -> Self {
        self.0.task_type = Some(if urls { TaskGroupTaskType::UrlList } else { TaskGroupTaskType::List });
        self.0.src_node.object_key.clear();
        self.0.src_node.list_file = Self::list_file_of(bucket, key);
        self
    }

    shared_setters!();

    /// The generated struct.
    pub fn into_inner(self) -> CreateTaskGroupReq {
        self.0
    }
}

impl Deref for GroupRequest {
    type Target = CreateTaskGroupReq;

    fn deref(&self) -> &CreateTaskGroupReq {
        &self.0
    }
}

impl From<GroupRequest> for CreateTaskGroupReq {
    fn from(request: GroupRequest) -> Self {
        request.0
    }
}

impl From<CreateTaskGroupReq> for GroupRequest {
    fn from(request: CreateTaskGroupReq) -> Self {
        Self(request)
    }
}

impl BandwidthPlan {
    /// The plan as the service takes it.
    pub fn to_policy(&self) -> Vec<BandwidthPolicyDto> {
        self.windows()
            .map(|(window, limit)| BandwidthPolicyDto {
                start: window.start().to_string(),
                end: window.end().to_string(),
                // At most 200 MiB/s, so it fits.
                max_bandwidth: i64::try_from(limit.bytes_per_second()).unwrap_or(i64::MAX),
            })
            .collect()
    }
}
