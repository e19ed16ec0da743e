//! Arguments of `oms`, and of its look-ups.

mod group;
mod job;
mod migrate;
mod sync;
mod task;

use clap::{Args, Subcommand, ValueEnum};

pub(crate) use group::{GroupCommand, GroupCreate};
pub(crate) use job::{Cloud, Destination, Job, JobOptions, JobStart, Source, StartKeys};
pub(crate) use migrate::Migrate;
pub(crate) use sync::SyncCommand;
pub(crate) use task::{BatchUpdate, TaskCommand, TaskCreate, TaskStart};

use crate::args::Input;
use crate::secret::SecretRef;

/// Object Storage Migration Service.
#[derive(Debug, Subcommand)]
pub(crate) enum OmsCommand {
    /// Move a bucket: create the task once, follow it, retry what failed, report
    #[command(after_long_help = migrate::EXAMPLES)]
    Migrate(Box<Migrate>),
    /// Migration tasks
    #[command(subcommand)]
    Task(TaskCommand),
    /// Task groups: jobs that the service splits into tasks
    #[command(subcommand)]
    Group(GroupCommand),
    /// Sync tasks: copy named objects whenever an event asks for it
    #[command(subcommand)]
    Sync(SyncCommand),
    /// Look into buckets of any supported cloud
    #[command(subcommand)]
    Bucket(Box<BucketCommand>),
    /// List the regions of the supported clouds
    Regions,
    /// List the supported clouds
    CloudTypes {
        /// As source or as destination
        #[arg(value_enum, default_value_t = Side::Source)]
        side: Side,
    },
    /// List the versions of the service's interface
    Versions,
    /// Show one version of the service's interface
    Version {
        /// Version, such as v2
        #[arg(value_name = "VERSION")]
        name: String,
    },
    /// Record that you accept the privacy terms of the service
    AgreePrivacy {
        /// Confirm that you have read and accept them; without it nothing is sent
        #[arg(long)]
        yes: bool,
    },
}

/// Role of a cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
    /// Objects come from it
    Source,
    /// Objects go to it
    Destination,
}

/// Look-ups.
#[derive(Debug, Subcommand)]
pub(crate) enum BucketCommand {
    /// List the buckets that a key can see
    #[command(after_long_help = "Examples:
  hwmigrate oms bucket list --cloud AWS --ak env:AWS_AK --sk env:AWS_SK")]
    List {
        #[command(flatten)]
        access: CloudAccess,
        #[command(flatten)]
        input: Input,
    },
    /// List the objects of a folder in a bucket
    Objects {
        #[command(flatten)]
        access: CloudAccess,
        #[command(flatten)]
        bucket: BucketName,
        /// Region of the bucket
        #[arg(long, value_name = "REGION")]
        bucket_region: Option<String>,
        /// Folder, ending in /; the root if not given
        #[arg(long, value_name = "FOLDER")]
        folder: Option<String>,
        /// Show at most so many
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
        #[command(flatten)]
        input: Input,
    },
    /// Show the region of a bucket, and whether it is supported
    Region {
        #[command(flatten)]
        access: CloudAccess,
        #[command(flatten)]
        bucket: BucketName,
        #[command(flatten)]
        input: Input,
    },
    /// Tell whether a bucket holds a key with this beginning
    CheckPrefix {
        #[command(flatten)]
        access: CloudAccess,
        #[command(flatten)]
        bucket: BucketName,
        /// Region of the bucket
        #[arg(long, value_name = "REGION")]
        bucket_region: Option<String>,
        /// Beginning of the key
        #[arg(long, value_name = "PREFIX")]
        prefix: Option<String>,
        #[command(flatten)]
        input: Input,
    },
    /// Check a CDN domain against a bucket
    CdnInfo {
        #[command(flatten)]
        access: CloudAccess,
        #[command(flatten)]
        bucket: BucketName,
        /// Region of the bucket
        #[arg(long, value_name = "REGION")]
        bucket_region: Option<String>,
        /// CDN domain
        #[arg(long, value_name = "DOMAIN")]
        domain: Option<String>,
        /// Scheme towards the CDN
        #[arg(long, value_name = "SCHEME", value_parser = ["http", "https"])]
        protocol: Option<String>,
        /// How the CDN's addresses are signed, such as ALIYUN_OSS_A
        #[arg(long, value_name = "TYPE")]
        authentication: Option<String>,
        /// Where the CDN's key is found
        #[arg(long, value_name = "REF")]
        cdn_key: Option<SecretRef>,
        /// Object key to try; may be repeated
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
        #[command(flatten)]
        input: Input,
    },
    /// Check the form of a list of addresses that lies in a bucket
    CheckUrlList {
        /// Bucket and key of the list
        #[arg(value_name = "BUCKET/KEY", required_unless_present_any = ["input", "skeleton"])]
        list: Option<String>,
        /// Region of the bucket; the region of the service if not given
        #[arg(long, value_name = "REGION")]
        bucket_region: Option<String>,
        /// Where the access key id is found
        #[arg(long, value_name = "REF")]
        ak: Option<SecretRef>,
        /// Where the secret access key is found
        #[arg(long, value_name = "REF")]
        sk: Option<SecretRef>,
        #[command(flatten)]
        input: Input,
    },
}

/// Name of a bucket.
#[derive(Args, Clone, Debug)]
pub(crate) struct BucketName {
    /// Bucket
    #[arg(long, value_name = "BUCKET")]
    pub(crate) bucket: Option<String>,
}

/// A cloud and the keys to it.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Access")]
pub(crate) struct CloudAccess {
    /// Cloud that holds the bucket
    #[arg(long, value_enum, ignore_case = true, value_name = "CLOUD")]
    pub(crate) cloud: Option<Cloud>,
    /// Where the access key id is found
    #[arg(long, value_name = "REF")]
    pub(crate) ak: Option<SecretRef>,
    /// Where the secret access key is found
    #[arg(long, value_name = "REF")]
    pub(crate) sk: Option<SecretRef>,
    /// Where the connection string of an Azure account is found
    #[arg(long, value_name = "REF")]
    pub(crate) connection_string: Option<SecretRef>,
    /// Where the service-account JSON of a Google account is found
    #[arg(long, value_name = "REF")]
    pub(crate) json_auth: Option<SecretRef>,
    /// APPID of a Tencent account
    #[arg(long, value_name = "ID")]
    pub(crate) app_id: Option<String>,
}
