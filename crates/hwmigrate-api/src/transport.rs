//! Who really sends the requests of the generated clients.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::Operation;

/// The future that [`Transport::send`] returns.
pub type Sending<'a> = Pin<Box<dyn Future<Output = reqwest::Result<reqwest::Response>> + Send + 'a>>;

/// Sends one request of a generated client, as often as it sees fit.
///
/// The generated code builds the request and decodes the answer; everything
/// between (authentication, retries, limits) is the transport's.
pub trait Transport: Send + Sync {
    /// Sends the request and returns the answer to decode.
    fn send<'a>(&'a self, request: reqwest::Request, operation: &'static Operation) -> Sending<'a>;
}

/// A shared [`Transport`], as the generated clients hold it.
#[derive(Clone)]
pub struct Hooks(pub Arc<dyn Transport>);

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooks")
    }
}
