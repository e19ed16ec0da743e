//! Servers that answer what a test tells them to, byte for byte.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot start its server has failed"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Answers one request: gets its head and body, writes to the stream.
type Answer = Arc<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

/// A server on loopback. It ends with the runtime of the test.
pub struct Scripted {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Gives every request the answer of `answer`, then closes the connection.
    pub async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, answer): (_, Answer) = (Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&answer)));
            }
        });
        Self { url, requests }
    }

    /// Serves files by their paths, whole or in ranges, and 404 for everything else.
    pub async fn files(files: &[(&str, &[u8])]) -> Self {
        let files: BTreeMap<String, Vec<u8>> =
            files.iter().map(|(path, content)| ((*path).to_owned(), content.to_vec())).collect();
        Self::start(move |request| {
            let mut words = request.split(' ');
            let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            match files.get(path) {
                Some(content) => {
                    let mut answer = head(200, "application/octet-stream", content.len());
                    if method != "HEAD" {
                        answer.extend_from_slice(content);
                    }
                    answer
                }
                None => head(404, "text/plain", 0),
            }
        })
        .await
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The head and body of every request so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// The head of an answer that closes its connection.
pub fn head(status: u16, content_type: &str, length: usize) -> Vec<u8> {
    let lines = format!(
        "HTTP/1.1 {status} scripted\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\
         Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\nX-Request-Id: scripted-request\r\nConnection: close\r\n\r\n"
    );
    lines.into_bytes()
}

/// A whole answer.
pub fn answer(status: u16, content_type: &str, body: &str) -> Vec<u8> {
    let mut answer = head(status, content_type, body.len());
    answer.extend_from_slice(body.as_bytes());
    answer
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<String>>>, answer: Answer) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !complete(&request) {
        match stream.read(&mut piece).await {
            Ok(count) if count > 0 => request.extend_from_slice(&piece[..count]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let bytes = answer(&request);
    seen.lock().unwrap().push(request);
    // A client that has gone away is what some tests are about.
    let _ = stream.write_all(&bytes).await;
    let _ = stream.shutdown().await;
}

fn complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    body.len() >= length.unwrap_or(0)
}
