//! What stands for S3-compatible servers in a build that does not know them.
//!
//! None of these types has a value: opening such a bucket is refused, so nothing below can be reached.

use std::sync::Arc;

use bytes::Bytes;

use super::listing::Page;
use super::{Attributes, Entry, StoreError, UploadJournal};
use crate::builder::S3Bucket;
use crate::error::EmulatorError;

/// Stands for a bucket on a server.
#[derive(Debug)]
pub(crate) enum S3Store {}

impl S3Store {
    pub(super) fn open(name: &str, _: &S3Bucket, _: Arc<dyn UploadJournal>) -> Result<Self, EmulatorError> {
        Err(EmulatorError::Config(format!(
            "bucket {name}: this build of the emulator keeps buckets in folders only; \
             build hwmigrate-emulator with its feature `remote` for S3-compatible servers"
        )))
    }

    pub(crate) async fn abort_upload(&self, _: &str, _: &str) -> Result<(), StoreError> {
        match *self {}
    }

    pub(super) fn list(self: &Arc<Self>, _: &str, _: Option<&str>) -> Box<S3Listing> {
        match **self {}
    }

    pub(super) async fn read(&self, _: &str) -> Result<S3Reader, StoreError> {
        match *self {}
    }

    pub(super) async fn write(
        &self,
        _: &str,
        _: Option<u64>,
        _: &Attributes,
    ) -> Result<S3Writer, StoreError> {
        match *self {}
    }

    pub(super) async fn write_marker(&self, _: &str) -> Result<(), StoreError> {
        match *self {}
    }

    pub(super) async fn delete(&self, _: &str) -> Result<(), StoreError> {
        match *self {}
    }

    pub(super) async fn head(&self, _: &str) -> Result<Option<Entry>, StoreError> {
        match *self {}
    }

    pub(super) async fn page(&self, _: &str, _: &str, _: usize) -> Result<Page, StoreError> {
        match *self {}
    }
}

/// Stands for a listing.
pub(crate) enum S3Listing {}

impl S3Listing {
    pub(crate) async fn next(&mut self) -> Result<Vec<Entry>, StoreError> {
        match *self {}
    }
}

/// Stands for an object that is being read.
pub(crate) enum S3Reader {}

impl S3Reader {
    pub(crate) async fn attributes(&mut self, _: bool) -> Result<Attributes, StoreError> {
        match *self {}
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        match *self {}
    }
}

/// Stands for an object that is being written.
pub(crate) enum S3Writer {}

impl S3Writer {
    pub(crate) async fn write(&mut self, _: Bytes) -> Result<(), StoreError> {
        match *self {}
    }

    pub(crate) async fn finish(self) -> Result<(), StoreError> {
        match self {}
    }

    pub(crate) async fn abort(self) {
        match self {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::{Emulator, S3Bucket};

    #[tokio::test]
    async fn bucket_on_a_server_is_refused_with_what_to_do() {
        let server = S3Bucket {
            endpoint: "http://127.0.0.1:1".into(),
            region: "us-east-1".into(),
            bucket: "b".into(),
            access_key: "CANARY".to_owned().into(),
            secret_key: "CANARY".to_owned().into(),
        };
        let refused = Emulator::builder().s3_bucket("far", server).start().await.unwrap_err().to_string();
        assert!(refused.contains("far") && refused.contains("feature `remote`"), "{refused}");
        assert!(!refused.contains("CANARY"));
    }
}
