//! Private authorities and client certificates, against a real TLS server.

#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use hwmigrate::{Client, ClientBuilder, Credentials, Environment, ErrorKind, RetryPolicy, Secret, Service};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

fn certificates(name: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(file(name)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Answers `connections` connections, one request each, and ends.
fn serve(wants_certificate: bool, connections: usize) -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = if wants_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(certificates("ca.pem").remove(0)).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let config = Arc::new(builder.with_single_cert(certificates("server.pem"), key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for _ in 0..connections {
            let (socket, _) = listener.accept().unwrap();
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), socket);
            let mut request = [0; 4096];
            if matches!(stream.read(&mut request), Ok(1..)) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"id\":1}");
                let _ = stream.flush();
            }
        }
    });
    url
}

fn builder(url: &str) -> ClientBuilder {
    Client::builder()
        .environment(Environment::empty())
        .endpoint(Service::Oms, url)
        .project_id("p1")
        .credentials(Credentials::token(Secret::from("t"), None))
        .retry(RetryPolicy::never())
}

async fn show(builder: ClientBuilder) -> hwmigrate::Result<hwmigrate::RawResponse> {
    builder.build()?.operation("ShowTask")?.parameter("task_id", "1").send().await
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_named_and_not_otherwise() {
    let url = serve(false, 2);
    show(builder(&url).ca_file(file("ca.pem"))).await.unwrap();
    let error = show(builder(&url)).await.unwrap_err();
    // Either there are no system certificates at all, or they do not vouch for this one.
    assert!(matches!(error.kind(), ErrorKind::Transport | ErrorKind::Config), "{}", error.chain());
    assert!(!error.is_retryable());
    let text = format!("{} {}", error.chain(), error.advice().unwrap_or_default());
    assert!(text.contains("ca_file"), "{text}");
}

/// A proxy that opens ways; gives its address and what it was asked for first.
fn tunnel() -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:pass@127.0.0.1:{}", listener.local_addr().unwrap().port());
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut near, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            near.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let target = head.split(' ').nth(1).unwrap().to_owned();
        tell.send(head).unwrap();
        let mut far = std::net::TcpStream::connect(target).unwrap();
        near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        let (mut near_again, mut far_again) = (near.try_clone().unwrap(), far.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut near_again, &mut far_again));
        let _ = std::io::copy(&mut far, &mut near);
    });
    (url, told)
}

#[tokio::test]
async fn a_proxy_opens_the_way_and_sees_nothing_of_the_request() {
    let (proxy, told) = tunnel();
    let url = serve(false, 1);
    let answer = show(builder(&url).ca_file(file("ca.pem")).proxy(&proxy)).await.unwrap();
    assert_eq!(answer.status, 200);
    let head = told.recv().unwrap().to_lowercase();
    let target = url.trim_start_matches("https://");
    assert!(head.starts_with(&format!("connect {target} http/1.1\r\n")), "{head}");
    assert!(head.contains("proxy-authorization: basic dxnlcjpwyxnz\r\n"), "{head}");
    assert!(!head.contains("x-auth-token") && !head.contains("/v2/"), "{head}");
}

#[tokio::test]
async fn the_authority_may_come_from_the_environment() {
    let url = serve(false, 1);
    let path = file("ca.pem").display().to_string();
    let environment = Environment::from_pairs([("HW_CACERT", path)]);
    show(builder(&url).environment(environment)).await.unwrap();
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_that_wants_one() {
    let url = serve(true, 2);
    let with =
        builder(&url).ca_file(file("ca.pem")).client_certificate(file("client.pem"), file("client.key"));
    show(with).await.unwrap();
    assert!(show(builder(&url).ca_file(file("ca.pem"))).await.is_err());
}

#[test]
fn files_that_are_no_certificates_are_named() {
    let wrong = |builder: ClientBuilder| {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error.chain()
    };
    let url = "https://localhost:1";
    assert!(wrong(builder(url).ca_file(file("client.key"))).contains("client.key"));
    assert!(wrong(builder(url).ca_file(file("absent.pem"))).contains("absent.pem"));
    let text = wrong(builder(url).client_certificate(file("client.pem"), file("ca.pem")));
    assert!(text.contains("ca.pem"), "{text}");
}
