//! Reading and writing one object piece by piece, whatever keeps it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use super::folder::FolderStore;
use super::http::UrlObject;
use super::s3::{S3Reader, S3Writer};
use super::temporary::Unfinished;
use super::{Entry, Parents, Store, StoreError, StoreErrorKind, blocking};

/// How much is read from a file at a time.
const PIECE: usize = 1 << 20;

/// What an object has beside its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// Always kept, where the destination can.
    pub(crate) content_type: Option<String>,
    /// Kept with the metadata.
    pub(crate) content_encoding: Option<String>,
    /// Kept with the metadata.
    pub(crate) content_disposition: Option<String>,
    /// Kept with the metadata.
    pub(crate) cache_control: Option<String>,
    /// Kept with the metadata.
    pub(crate) user: HashMap<String, String>,
}

/// An object that is being read.
pub(crate) enum Source {
    /// A file; away while a blocking thread reads it.
    File { key: String, file: Option<File> },
    /// An object of an S3-compatible server.
    S3(Box<S3Reader>),
    /// What a URL gives.
    Url(UrlObject),
}

impl Source {
    /// Starts to read.
    pub(crate) async fn open(store: &Store, entry: &Entry) -> Result<Self, StoreError> {
        match store {
            Store::Folder(folder) => {
                let (folder, key) = (Arc::clone(folder), entry.key.clone());
                let file = blocking({
                    let key = key.clone();
                    move || folder.open_file(&key)
                })
                .await?;
                Ok(Self::File { key, file: Some(file) })
            }
            Store::S3(server) => Ok(Self::S3(Box::new(server.read(&entry.key).await?))),
        }
    }

    /// What the object has beside its content; `all` asks for more than its content type.
    pub(crate) async fn attributes(&mut self, all: bool) -> Result<Attributes, StoreError> {
        match self {
            Self::File { .. } => Ok(Attributes::default()),
            Self::Url(object) => {
                Ok(Attributes { content_type: object.content_type(), ..Attributes::default() })
            }
            Self::S3(reader) => reader.attributes(all).await,
        }
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        match self {
            Self::S3(reader) => reader.next().await,
            Self::Url(object) => object.next().await,
            Self::File { key, file } => {
                let Some(mut taken) = file.take() else { return Ok(None) };
                let name = key.clone();
                let (back, piece) = blocking(move || {
                    let mut piece = Vec::with_capacity(PIECE);
                    let read = (&mut taken).take(PIECE as u64).read_to_end(&mut piece);
                    read.map_err(|error| StoreError::io(&name, &error))?;
                    Ok((taken, Bytes::from(piece)))
                })
                .await?;
                if piece.is_empty() {
                    return Ok(None);
                }
                *file = Some(back);
                Ok(Some(piece))
            }
        }
    }
}

/// An object that is being written; nobody sees it before [`Sink::finish`].
pub(crate) enum Sink {
    /// A file; away while a blocking thread writes to it.
    File { key: String, file: Option<Unfinished> },
    /// An object of an S3-compatible server.
    S3(Box<S3Writer>),
    /// A `dir/` marker.
    Marker,
}

impl Sink {
    /// Starts to write; `size` is what is expected, if that is known.
    pub(crate) async fn create(
        store: &Store,
        key: &str,
        size: Option<u64>,
        attributes: &Attributes,
        parents: &Arc<Parents>,
    ) -> Result<Self, StoreError> {
        if key.ends_with('/') {
            return Self::marker(store, key, parents).await;
        }
        match store {
            Store::Folder(folder) => {
                let (folder, name) = (Arc::clone(folder), key.to_owned());
                let parents = Arc::clone(parents);
                let file = blocking(move || {
                    folder.prepare(&name, &parents)?;
                    folder.create(&name)
                })
                .await?;
                Ok(Self::File { key: key.to_owned(), file: Some(file) })
            }
            Store::S3(server) => Ok(Self::S3(Box::new(server.write(key, size, attributes).await?))),
        }
    }

    async fn marker(store: &Store, key: &str, parents: &Arc<Parents>) -> Result<Self, StoreError> {
        match store {
            Store::Folder(folder) => {
                let (folder, key, parents) = (Arc::clone(folder), key.to_owned(), Arc::clone(parents));
                blocking(move || folder.write_marker(&key, &parents)).await?;
            }
            Store::S3(server) => server.write_marker(key).await?,
        }
        Ok(Self::Marker)
    }

    /// Writes the next bytes.
    pub(crate) async fn write(&mut self, piece: Bytes) -> Result<(), StoreError> {
        match self {
            Self::S3(writer) => writer.write(piece).await,
            Self::File { key, file } => {
                let Some(mut taken) = file.take() else {
                    return Err(StoreError::new(StoreErrorKind::Other, "a write to this file was given up"));
                };
                let name = key.clone();
                let back = blocking(move || {
                    let written = taken.file().and_then(|file| file.write_all(&piece));
                    written.map_err(|error| StoreError::io(&name, &error))?;
                    Ok(taken)
                })
                .await?;
                *file = Some(back);
                Ok(())
            }
            Self::Marker if piece.is_empty() => Ok(()),
            Self::Marker => Err(StoreError::new(
                StoreErrorKind::Key,
                "a key that ends in \"/\" cannot have content at the destination",
            )),
        }
    }

    /// Makes the object visible, with the given time where the store keeps one.
    pub(crate) async fn finish(self, modified: Option<SystemTime>) -> Result<(), StoreError> {
        match self {
            Self::Marker => Ok(()),
            Self::S3(writer) => writer.finish().await,
            Self::File { key, file } => {
                let Some(mut file) = file else {
                    return Err(StoreError::new(StoreErrorKind::Other, "a write to this file was given up"));
                };
                blocking(move || file.publish(modified).map_err(|error| StoreError::io(&key, &error))).await
            }
        }
    }

    /// Leaves nothing behind of what was written.
    pub(crate) async fn abort(self) {
        if let Self::S3(writer) = self {
            writer.abort().await;
        }
    }
}

impl FolderStore {
    /// Copies a file within the kernel, piece by piece, asking `go_on` in between.
    ///
    /// Returns the bytes copied when the source ends or `go_on` says no.
    pub(crate) fn copy_file(
        from: &mut File,
        to: &mut File,
        piece: u64,
        mut go_on: impl FnMut(u64) -> bool,
    ) -> std::io::Result<(u64, bool)> {
        let mut copied = 0;
        loop {
            // The standard library uses copy_file_range here where the system has it.
            let now = std::io::copy(&mut Read::by_ref(from).take(piece), to)?;
            copied += now;
            if now < piece {
                return Ok((copied, true));
            }
            if !go_on(now) {
                return Ok((copied, false));
            }
        }
    }
}
