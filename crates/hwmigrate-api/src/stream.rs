//! Answers that are files: read piece by piece, however large they are.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

/// What follows the first piece of a body, as a transport hands it on.
pub type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// The bytes of an answer, in pieces as they arrive.
///
/// A piece that is an error is the last one, and says that the rest is missing.
/// Dropping the stream gives up the rest.
pub struct ByteStream {
    first: Option<Bytes>,
    rest: Option<Pieces>,
}

impl ByteStream {
    /// A stream of a first piece, which may be empty, and what follows it.
    pub fn new(first: Bytes, rest: Option<Pieces>) -> Self {
        Self { first: Some(first).filter(|piece| !piece.is_empty()), rest }
    }

    /// Reads to the end, all of it into memory and however much it is. A file
    /// that may be large is better read piece by piece.
    ///
    /// # Errors
    /// When it breaks off.
    pub async fn bytes(mut self) -> io::Result<Vec<u8>> {
        let mut whole = Vec::new();
        while let Some(piece) = poll_fn(|context| Pin::new(&mut self).poll_next(context)).await {
            whole.extend_from_slice(&piece?);
        }
        Ok(whole)
    }
}

impl Stream for ByteStream {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let piece = rest.as_mut().poll_next(context);
        if matches!(piece, Poll::Ready(None | Some(Err(_)))) {
            self.rest = None;
        }
        piece
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream").finish_non_exhaustive()
    }
}
