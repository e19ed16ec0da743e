//! Whom to trust, and how to identify oneself: TLS.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::{Error, Result};

/// Certificates that were configured. The system's own are read later, when
/// the first https request needs them.
#[derive(Clone, Default)]
pub(crate) struct TlsSettings {
    extra: Vec<CertificateDer<'static>>,
    identity: Option<Arc<Identity>>,
}

struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl TlsSettings {
    /// Reads the private CA and the client certificate, both PEM.
    pub(crate) fn read(ca_file: Option<&Path>, certificate: Option<&(PathBuf, PathBuf)>) -> Result<Self> {
        let extra = ca_file.map(certificates).transpose()?.unwrap_or_default();
        let identity = match certificate {
            None => None,
            Some((chain, key)) => {
                let key_der = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| pem_error("client key", key, &error.to_string()))?;
                Some(Arc::new(Identity { chain: certificates(chain)?, key: key_der }))
            }
        };
        Ok(Self { extra, identity })
    }

    /// The set-up for connections that need no trust: plain http.
    pub(crate) fn none() -> Result<ClientConfig> {
        configure(RootCertStore::empty(), None)
    }

    /// The set-up for https: the system's certificates and the configured ones.
    pub(crate) fn load(&self) -> Result<ClientConfig> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
        for certificate in &self.extra {
            roots.add(certificate.clone()).map_err(|error| {
                Error::config("the CA file holds a certificate that cannot be used").with_source(error)
            })?;
        }
        if roots.is_empty() {
            let cause = system.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
            return Err(Error::config(format!(
                "this machine has no trusted certificates{cause}; install the package ca-certificates, \
                 or name a PEM file by the setting `ca_file` or by SSL_CERT_FILE"
            )));
        }
        configure(roots, self.identity.as_deref())
    }
}

fn configure(roots: RootCertStore, identity: Option<&Identity>) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::config("TLS could not be set up").with_source(error))?
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder
            .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
            .map_err(|error| {
                Error::config(
                    "the client certificate and its key cannot be used; check that they belong together",
                )
                .with_source(error)
            })?,
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path)
        .and_then(|items| items.collect::<Result<Vec<_>, _>>())
        .map_err(|error| pem_error("certificate file", path, &error.to_string()))?;
    if read.is_empty() {
        return Err(pem_error("certificate file", path, "it holds no certificate"));
    }
    Ok(read)
}

fn pem_error(what: &str, path: &Path, cause: &str) -> Error {
    Error::config(format!("the {what} {} cannot be read: {cause}; it must be a PEM file", path.display()))
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSettings")
            .field("extra", &self.extra.len())
            .field("identity", &self.identity.is_some())
            .finish()
    }
}
