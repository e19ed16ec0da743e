//! Text that only this emulator can have written.
//!
//! Tokens are not stored: they carry what they say and a signature over it,
//! so that they survive a restart. The key is kept in the state folder, in a
//! file that only its owner can read.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::EmulatorError;

type HmacSha256 = Hmac<Sha256>;

/// The length of the signature in front of the text, in bytes.
const TAG: usize = 32;

/// What the emulator remembers about tokens, and the key that signs them.
pub(crate) struct Seal {
    key: Zeroizing<[u8; 32]>,
    file: PathBuf,
    /// Only tokens of this generation are good.
    generation: Mutex<u64>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    key: String,
    generation: u64,
}

impl Seal {
    /// Reads the key from the state folder, or makes one.
    pub(crate) fn open(state_dir: &Path) -> Result<Self, EmulatorError> {
        let file = state_dir.join("tokens.json");
        match private_file::read(&file)? {
            Some(text) => Self::decode(&text, file),
            None => {
                let mut key = Zeroizing::new([0; 32]);
                getrandom::fill(key.as_mut_slice()).map_err(|_| {
                    EmulatorError::Config("the system has no random numbers to make a token key of".into())
                })?;
                let seal = Self { key, file, generation: Mutex::new(1) };
                seal.store(1)?;
                Ok(seal)
            }
        }
    }

    fn decode(text: &str, file: PathBuf) -> Result<Self, EmulatorError> {
        let broken = || {
            EmulatorError::Config(format!(
                "{} is not a token key: delete it to get a new one (all tokens end then)",
                file.display()
            ))
        };
        let stored: Stored = serde_json::from_str(text).map_err(|_| broken())?;
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(&stored.key, key.as_mut_slice()).map_err(|_| broken())?;
        Ok(Self { key, generation: Mutex::new(stored.generation), file })
    }

    fn store(&self, generation: u64) -> Result<(), EmulatorError> {
        let stored = Stored { key: hex::encode(self.key.as_slice()), generation };
        let text = Zeroizing::new(serde_json::to_string(&stored).unwrap_or_default());
        private_file::write(&self.file, &text)
    }

    /// The generation that a new token belongs to.
    pub(crate) fn generation(&self) -> u64 {
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends everything that was issued until now.
    pub(crate) fn revoke_all(&self) -> Result<(), EmulatorError> {
        let mut generation = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        *generation += 1;
        self.store(*generation)
    }

    /// Signs what a token says. `purpose` keeps one kind of token from passing as another.
    pub(crate) fn close<T: Serialize>(&self, purpose: &str, content: &T) -> String {
        let content = serde_json::to_vec(content).unwrap_or_default();
        let mut sealed = self.mac(purpose, &content).finalize().into_bytes().to_vec();
        sealed.extend_from_slice(&content);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// What a token says, if it was signed here for this purpose.
    pub(crate) fn open_sealed<T: DeserializeOwned>(&self, purpose: &str, text: &str) -> Option<T> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (tag, content) = sealed.split_at_checked(TAG)?;
        self.mac(purpose, content).verify_slice(tag).ok()?;
        serde_json::from_slice(content).ok()
    }

    /// A key that follows from a name, so that it need not be stored.
    pub(crate) fn derive(&self, purpose: &str, name: &str) -> Zeroizing<String> {
        let tag = self.mac(purpose, name.as_bytes()).finalize().into_bytes();
        let mut text = URL_SAFE_NO_PAD.encode(tag);
        text.truncate(40);
        Zeroizing::new(text)
    }

    fn mac(&self, purpose: &str, content: &[u8]) -> HmacSha256 {
        // An HMAC takes keys of any length; 32 bytes cannot be refused.
        #[allow(clippy::expect_used)]
        let mut mac =
            <HmacSha256 as KeyInit>::new_from_slice(self.key.as_slice()).expect("a key of 32 bytes");
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(content);
        mac
    }
}

/// Files that only their owner may read.
pub(crate) mod private_file {
    use std::fs::{File, OpenOptions};
    use std::io::{Read, Write};
    use std::path::Path;

    use crate::error::EmulatorError;

    /// The text of the file; `None` if there is no such file.
    pub(crate) fn read(path: &Path) -> Result<Option<String>, EmulatorError> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(EmulatorError::file(path, error)),
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata().map_err(|e| EmulatorError::file(path, e))?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(EmulatorError::Config(format!(
                    "{} can be read by other users: delete it, or run chmod 600 on it",
                    path.display()
                )));
            }
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|e| EmulatorError::file(path, e))?;
        Ok(Some(text))
    }

    /// Replaces the file in one step.
    pub(crate) fn write(path: &Path, text: &str) -> Result<(), EmulatorError> {
        let new = path.with_extension("new");
        let written = create(&new, true).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, path)
        });
        written.map_err(|e| EmulatorError::file(path, e))
    }

    /// Opens a file for writing, at its start or at its end. One that others could read is
    /// closed to them.
    pub(crate) fn create(path: &Path, truncate: bool) -> std::io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(truncate).append(!truncate);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
            let file = options.mode(0o600).open(path)?;
            if file.metadata()?.permissions().mode() & 0o077 != 0 {
                file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
            }
            Ok(file)
        }
        #[cfg(not(unix))]
        options.open(path)
    }
}
