//! Why an emulator could not start or work on.

use std::path::PathBuf;

/// Why an emulator could not start or work on.
#[derive(Debug)]
#[non_exhaustive]
pub enum EmulatorError {
    /// A setting cannot work; the text names it and says what would.
    Config(String),
    /// A file or folder could not be used.
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The address could not be listened on.
    Listen {
        /// Which one.
        address: std::net::SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

impl EmulatorError {
    /// An error about a file or folder.
    pub(crate) fn file(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::File { path: path.into(), source }
    }
}

impl std::fmt::Display for EmulatorError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(text) => f.write_str(text),
            Self::File { path, .. } => write!(f, "cannot use {}", path.display()),
            Self::Listen { address, .. } => write!(f, "cannot listen on {address}"),
        }
    }
}

impl std::error::Error for EmulatorError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(_) => None,
            Self::File { source, .. } | Self::Listen { source, .. } => Some(source),
        }
    }
}
