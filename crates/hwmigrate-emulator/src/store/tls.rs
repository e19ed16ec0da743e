//! TLS towards S3 servers and the servers of URL lists.

use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, RootCertStore};

/// Certificates are read once: it costs milliseconds, and most emulators never speak TLS.
pub(super) fn config() -> Result<ClientConfig, String> {
    static CONFIG: OnceLock<Result<ClientConfig, String>> = OnceLock::new();
    CONFIG
        .get_or_init(|| {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let builder = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|error| error.to_string())?;
            Ok(builder.with_root_certificates(roots).with_no_client_auth())
        })
        .clone()
}
