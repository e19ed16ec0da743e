//! Configuring a client.

use crate::client::Client;
use crate::error::{Error, Result};

/// Settings of a client to be.
#[derive(Debug, Default)]
#[must_use = "a builder does nothing before `build`"]
pub struct ClientBuilder {}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Makes the client.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for settings that are missing or wrong.
    pub fn build(self) -> Result<Client> {
        Err(Error::config("no credentials"))
    }
}
