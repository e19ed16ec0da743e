//! Reading and writing one object of an S3-compatible server.

use bytes::Bytes;
use futures_util::StreamExt;
use opendal::{BufferStream, Operator, Writer};

use crate::store::{Attributes, StoreError};

/// The part of a multipart upload; smaller objects are sent in one request.
const PART: u64 = 8 << 20;
/// Uploads have at most 10,000 parts.
const MOST_PARTS: u64 = 9_000;
/// Parts of one object on their way at once: this bounds the memory of large objects.
const PARTS_AT_ONCE: usize = 2;

/// An object that is being read.
pub(crate) struct S3Reader(BufferStream);

impl S3Reader {
    pub(super) async fn open(operator: &Operator, key: &str) -> Result<Self, StoreError> {
        let reader = operator.reader(key).await?;
        Ok(Self(reader.into_stream(..).await?))
    }

    pub(crate) async fn attributes(&mut self, all: bool) -> Result<Attributes, StoreError> {
        let metadata = self.0.metadata().await?;
        let text = |value: Option<&str>| value.map(str::to_owned);
        let mut attributes = Attributes {
            content_type: text(metadata.content_type()),
            content_encoding: text(metadata.content_encoding()),
            ..Attributes::default()
        };
        if all {
            attributes.content_disposition = text(metadata.content_disposition());
            attributes.cache_control = text(metadata.cache_control());
            for (name, value) in metadata.user_metadata().into_iter().flatten() {
                attributes.user.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(attributes)
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        match self.0.next().await {
            Some(buffer) => Ok(Some(buffer?.to_bytes())),
            None => Ok(None),
        }
    }
}

/// An object that is being written.
pub(crate) struct S3Writer(Writer);

impl S3Writer {
    pub(super) async fn create(
        operator: &Operator,
        key: &str,
        size: Option<u64>,
        attributes: &Attributes,
    ) -> Result<Self, StoreError> {
        let part = PART.max(size.unwrap_or(0).div_ceil(MOST_PARTS)) as usize;
        let mut writer = operator.writer_with(key).chunk(part).concurrent(PARTS_AT_ONCE);
        if let Some(content_type) = &attributes.content_type {
            writer = writer.content_type(content_type);
        }
        if let Some(encoding) = &attributes.content_encoding {
            writer = writer.content_encoding(encoding);
        }
        if let Some(disposition) = &attributes.content_disposition {
            writer = writer.content_disposition(disposition);
        }
        if let Some(cache) = &attributes.cache_control {
            writer = writer.cache_control(cache);
        }
        if !attributes.user.is_empty() {
            writer = writer.user_metadata(attributes.user.clone());
        }
        Ok(Self(writer.await?))
    }

    pub(crate) async fn write(&mut self, piece: Bytes) -> Result<(), StoreError> {
        Ok(self.0.write(piece).await?)
    }

    pub(crate) async fn finish(mut self) -> Result<(), StoreError> {
        let closed = self.0.close().await;
        if closed.is_err() {
            self.abort().await;
        }
        Ok(closed.map(drop)?)
    }

    /// Best effort: the upload is in the journal, so a later start gives it up again.
    pub(crate) async fn abort(mut self) {
        let _ = self.0.abort().await;
    }
}
