//! Arguments that describe a migration job: source, destination, options.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::Input;
use crate::args::input::moment;
use crate::secret::SecretRef;

/// Where the objects are.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Source")]
pub(crate) struct Source {
    /// Cloud that holds the objects
    #[arg(long, value_enum, ignore_case = true, value_name = "CLOUD")]
    pub(crate) source_cloud: Option<Cloud>,
    /// Region of the source bucket, as its own cloud writes it
    #[arg(long, value_name = "REGION")]
    pub(crate) source_region: Option<String>,
    /// Source bucket
    #[arg(long, value_name = "BUCKET")]
    pub(crate) source_bucket: Option<String>,
    /// Move the objects whose keys begin with this; may be repeated
    #[arg(long, value_name = "PREFIX", conflicts_with = "source_object")]
    pub(crate) source_prefix: Vec<String>,
    /// Move this object, or the folder if it ends in /; may be repeated
    #[arg(long, value_name = "KEY")]
    pub(crate) source_object: Vec<String>,
    /// Move the objects whose keys stand in a file on this machine, one on each line (500 at most)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["source_prefix", "source_object"])]
    pub(crate) keys_from: Option<PathBuf>,
    /// Move the objects listed in a text file in a bucket of the destination's region
    ///
    /// With --emulator it is a file on this machine. One URL-encoded key on each line.
    #[arg(long, value_name = "BUCKET/KEY", conflicts_with_all = ["source_prefix", "source_object", "keys_from"])]
    pub(crate) list_file: Option<String>,
    /// Fetch the addresses listed in a text file (address, tab, key) in a bucket of the destination's region
    ///
    /// With --emulator it is a file on this machine.
    #[arg(long, value_name = "BUCKET/KEY",
          conflicts_with_all = ["source_prefix", "source_object", "keys_from", "list_file"])]
    pub(crate) url_list_file: Option<String>,
    #[command(flatten)]
    pub(crate) keys: SourceKeys,
    /// APPID of a Tencent source
    #[arg(long, value_name = "ID")]
    pub(crate) source_app_id: Option<String>,
}

/// Where the objects go.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Destination")]
pub(crate) struct Destination {
    /// Region of the destination bucket; the region of the service if not given
    #[arg(long, value_name = "REGION")]
    pub(crate) dest_region: Option<String>,
    /// Destination bucket
    #[arg(long, value_name = "BUCKET")]
    pub(crate) dest_bucket: Option<String>,
    /// Text to put before every key at the destination
    #[arg(long, value_name = "PREFIX")]
    pub(crate) dest_prefix: Option<String>,
    #[command(flatten)]
    pub(crate) keys: DestinationKeys,
}

/// How a job does its work.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Job")]
pub(crate) struct JobOptions {
    /// Free text kept with the job
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Limit per second, such as 50MiB/s, or for a time of day 08:00-20:00=50MiB/s; up to 5
    #[arg(long, value_name = "LIMIT")]
    pub(crate) bandwidth: Vec<String>,
    /// Only objects changed after this time: seconds since 1970 or 2026-01-31T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<i64>,
    /// What to do when the destination has the key
    #[arg(long, value_enum, value_name = "MODE")]
    pub(crate) overwrite: Option<Overwrite>,
    /// How equality is judged
    #[arg(long, value_enum, value_name = "CHECK")]
    pub(crate) consistency: Option<Consistency>,
    /// Storage class at the destination
    #[arg(long, value_enum, ignore_case = true, value_name = "CLASS")]
    pub(crate) storage_class: Option<StorageClass>,
    /// Copy the metadata of objects, too
    #[arg(long)]
    pub(crate) metadata: bool,
    /// Thaw archived objects of the source first
    #[arg(long)]
    pub(crate) restore: bool,
    /// Do not write lists of failed objects to the destination bucket
    #[arg(long)]
    pub(crate) no_failed_list: bool,
    /// Pay for the access to a requester-pays source
    #[arg(long)]
    pub(crate) requester_pays: bool,
    /// Read the source through this CDN domain
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) cdn_domain: Option<String>,
    /// Scheme towards the CDN
    #[arg(long, value_name = "SCHEME", value_parser = ["http", "https"], requires = "cdn_domain")]
    pub(crate) cdn_protocol: Option<String>,
    /// How the CDN's addresses are signed, such as ALIYUN_OSS_A
    #[arg(long, value_name = "TYPE", requires = "cdn_domain")]
    pub(crate) cdn_authentication: Option<String>,
    /// Where the CDN's key is found
    #[arg(long, value_name = "REF", requires = "cdn_domain")]
    pub(crate) cdn_key: Option<SecretRef>,
}

/// Keys to the source.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SourceKeys {
    /// Where the access key id of the source is found
    #[arg(long, value_name = "REF")]
    pub(crate) source_ak: Option<SecretRef>,
    /// Where the secret access key of the source is found
    #[arg(long, value_name = "REF")]
    pub(crate) source_sk: Option<SecretRef>,
    /// Where the security token of a temporary source key is found
    #[arg(long, value_name = "REF")]
    pub(crate) source_security_token: Option<SecretRef>,
    /// Where the connection string of an Azure source is found
    #[arg(long, value_name = "REF")]
    pub(crate) source_connection_string: Option<SecretRef>,
    /// Where the service-account JSON of a Google source is found
    #[arg(long, value_name = "REF")]
    pub(crate) source_json_auth: Option<SecretRef>,
}

impl SourceKeys {
    /// Each key: the field it belongs to, its argument, and where it is found.
    pub(crate) fn each(&self) -> [(&'static str, &'static str, Option<&SecretRef>); 5] {
        [
            ("ak", "--source-ak", self.source_ak.as_ref()),
            ("sk", "--source-sk", self.source_sk.as_ref()),
            ("security_token", "--source-security-token", self.source_security_token.as_ref()),
            ("connection_string", "--source-connection-string", self.source_connection_string.as_ref()),
            ("json_auth_file", "--source-json-auth", self.source_json_auth.as_ref()),
        ]
    }
}

/// Keys to the destination.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DestinationKeys {
    /// Where the access key id of the destination is found
    #[arg(long, value_name = "REF")]
    pub(crate) dest_ak: Option<SecretRef>,
    /// Where the secret access key of the destination is found
    #[arg(long, value_name = "REF")]
    pub(crate) dest_sk: Option<SecretRef>,
    /// Where the security token of a temporary destination key is found
    #[arg(long, value_name = "REF")]
    pub(crate) dest_security_token: Option<SecretRef>,
}

impl DestinationKeys {
    /// Each key: the field it belongs to, its argument, and where it is found.
    pub(crate) fn each(&self) -> [(&'static str, &'static str, Option<&SecretRef>); 3] {
        [
            ("ak", "--dest-ak", self.dest_ak.as_ref()),
            ("sk", "--dest-sk", self.dest_sk.as_ref()),
            ("security_token", "--dest-security-token", self.dest_security_token.as_ref()),
        ]
    }
}

/// What is moved, where to, and how.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Job {
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) destination: Destination,
    #[command(flatten)]
    pub(crate) options: JobOptions,
}

/// Arguments that start a group or a sync task.
#[derive(Args, Debug)]
pub(crate) struct JobStart {
    /// Id of the job
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) keys: StartKeys,
}

/// Keys to start a job with; the service forgets them when a job stops.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Keys")]
pub(crate) struct StartKeys {
    #[command(flatten)]
    pub(crate) source: SourceKeys,
    #[command(flatten)]
    pub(crate) destination: DestinationKeys,
    /// Where the key of the CDN is found
    #[arg(long, value_name = "REF")]
    pub(crate) cdn_key: Option<SecretRef>,
}

/// A cloud that objects come from, in the service's spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "verbatim")]
#[expect(clippy::enum_variant_names, reason = "these are the words of the service")]
pub(crate) enum Cloud {
    #[value(name = "AWS")]
    Aws,
    Azure,
    Aliyun,
    Tencent,
    HuaweiCloud,
    QingCloud,
    KingsoftCloud,
    Baidu,
    Qiniu,
    UCloud,
    Google,
    #[value(name = "URLSource")]
    UrlSource,
    /// Huawei Cloud, in look-ups only
    #[value(name = "HEC", hide = true)]
    Hec,
}

/// What to do when the destination has the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Overwrite {
    /// Skip what is there
    Never,
    /// Overwrite when the size differs or the source is newer (the service's default)
    SizeOrNewer,
    /// Overwrite when the CRC64 differs (Huawei, Aliyun and Tencent sources)
    Crc64,
    /// Overwrite everything
    Always,
}

impl Overwrite {
    /// The word on the wire.
    pub(crate) fn wire(self) -> &'static str {
        match self {
            Self::Never => "NO_OVERWRITE",
            Self::SizeOrNewer => "SIZE_LAST_MODIFIED_COMPARISON_OVERWRITE",
            Self::Crc64 => "CRC64_COMPARISON_OVERWRITE",
            Self::Always => "FULL_OVERWRITE",
        }
    }
}

/// How equality is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Consistency {
    /// By size and time of change (the service's default)
    SizeLastModified,
    /// By CRC64 (Huawei, Aliyun and Tencent sources)
    Crc64,
    /// Not at all; for addresses that tell no length
    NoCheck,
    /// During the transmission; sync tasks only
    Transmission,
}

impl Consistency {
    /// The word on the wire.
    pub(crate) fn wire(self) -> &'static str {
        match self {
            Self::SizeLastModified => "size_last_modified",
            Self::Crc64 => "crc64",
            Self::NoCheck => "no_check",
            Self::Transmission => "transmission",
        }
    }
}

/// Storage class at the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StorageClass {
    /// Standard (the service's default)
    Standard,
    /// Infrequent access
    Ia,
    /// Archive
    Archive,
    /// Deep archive
    DeepArchive,
    /// The class that matches the one at the source
    Source,
}

impl StorageClass {
    /// The word on the wire.
    pub(crate) fn wire(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Ia => "IA",
            Self::Archive => "ARCHIVE",
            Self::DeepArchive => "DEEP_ARCHIVE",
            Self::Source => "SRC_STORAGE_MAPPING",
        }
    }
}
