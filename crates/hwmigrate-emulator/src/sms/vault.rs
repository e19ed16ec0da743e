//! Secrets of the service: those that it makes, and those that it was given.
//!
//! Passphrases and keys follow from the emulator's own key and are not stored.
//! The one secret that is given and asked for again is the password of a
//! template; it lies in a file of its own that only its owner can read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hwmigrate_api::{Exposed, Secret};
use zeroize::Zeroizing;

use crate::auth::Authority;
use crate::auth::seal::private_file;
use crate::error::EmulatorError;

/// Passwords by template, and the key from which the rest follows.
pub(crate) struct Vault {
    authority: Arc<Authority>,
    file: PathBuf,
    passwords: Mutex<BTreeMap<String, Secret>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl Vault {
    /// Reads the passwords that an earlier start was given.
    pub(super) fn open(state_dir: &Path, authority: Arc<Authority>) -> Result<Self, EmulatorError> {
        let file = state_dir.join("sms-passwords.json");
        let passwords = match private_file::read(&file)?.map(Zeroizing::new) {
            None => BTreeMap::new(),
            Some(text) => serde_json::from_str(&text).map_err(|_| {
                EmulatorError::Config(format!(
                    "{} does not hold the passwords of templates: delete it",
                    file.display()
                ))
            })?,
        };
        Ok(Self { authority, file, passwords: Mutex::new(passwords) })
    }

    /// Sets or forgets the password of a template.
    pub(crate) fn set_password(&self, template: &str, password: Option<Secret>) -> Result<(), EmulatorError> {
        let mut passwords = self.passwords.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match password {
            Some(password) => passwords.insert(template.to_owned(), password.clone()) == Some(password),
            None => passwords.remove(template).is_none(),
        };
        if before {
            return Ok(());
        }
        let text = Zeroizing::new(serde_json::to_string(&Exposed(&*passwords)).unwrap_or_default());
        private_file::write(&self.file, &text)
    }

    /// The password of a template; one that follows from its id if none was given.
    pub(crate) fn password(&self, template: &str) -> Secret {
        let passwords = self.passwords.lock().unwrap_or_else(PoisonError::into_inner);
        passwords.get(template).cloned().unwrap_or_else(|| self.derived("sms target password", template))
    }

    /// The passphrase of the channel of a task.
    pub(crate) fn passphrase(&self, task: &str) -> Secret {
        self.derived("sms passphrase", task)
    }

    /// Text that looks like a certificate or key in PEM. There is no real one in it.
    pub(crate) fn pem(&self, label: &str, what: &str, task: &str) -> Secret {
        let mut bytes = Zeroizing::new(String::new());
        for part in 0..8 {
            bytes.push_str(self.derived(&format!("sms {what} {part}"), task).expose());
        }
        let text = Zeroizing::new(STANDARD.encode(bytes.as_bytes()));
        let mut lines = Zeroizing::new(String::new());
        for (index, letter) in text.chars().enumerate() {
            if index > 0 && index % 64 == 0 {
                lines.push('\n');
            }
            lines.push(letter);
        }
        Secret::from(format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.as_str()))
    }

    /// The part of a link to a log that makes it a secret.
    pub(crate) fn signature(&self, task: &str) -> Secret {
        self.derived("sms log link", task)
    }

    fn derived(&self, purpose: &str, name: &str) -> Secret {
        Secret::from(self.authority.seal.derive(purpose, name).as_str())
    }
}
