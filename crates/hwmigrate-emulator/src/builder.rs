//! How an emulator is set up.

use std::path::PathBuf;

use hwmigrate_api::Secret;

/// A bucket on an S3-compatible server.
#[derive(Clone, Debug)]
pub struct S3Bucket {
    /// The address of the server, such as `http://127.0.0.1:9000`.
    pub endpoint: String,
    /// The region to sign for, such as `us-east-1`.
    pub region: String,
    /// The name of the bucket on that server.
    pub bucket: String,
    /// The access key for that server.
    pub access_key: Secret,
    /// The secret key for that server.
    pub secret_key: Secret,
}

/// A bucket that migrations can read and write.
#[derive(Clone, Debug)]
pub(crate) struct BucketConfig {
    /// The name that requests use.
    pub(crate) name: String,
    /// Where its objects are.
    pub(crate) place: BucketPlace,
}

/// Where the objects of a bucket are.
#[derive(Clone, Debug)]
pub(crate) enum BucketPlace {
    /// Files below a folder.
    Folder(PathBuf),
    /// On an S3-compatible server.
    S3(S3Bucket),
}

/// Sets up an emulator.
#[derive(Debug, Default)]
pub struct Builder {}
