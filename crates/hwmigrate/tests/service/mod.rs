//! A small service on loopback that a test scripts with a closure.
// Each test file uses its own part of this.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub)]

pub mod cloud;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hwmigrate::oms::{Destination, Oms, Source, TaskRequest};
use hwmigrate::sms::Sms;
use hwmigrate::{Client, Credentials, Environment, RetryPolicy, Secret, Service};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub const PROJECT: &str = "0123456789abcdef0123456789abcdef";

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// Without the `/v2/PROJECT` or `/v3` in front.
    pub path: String,
    pub query: String,
    pub body: Value,
}

impl Asked {
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    /// Method, path and query in one line.
    pub fn line(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{} {}{mark}{}", self.method, self.path, self.query)
    }
}

/// What the service does with a request.
pub enum Reply {
    Json(u16, Value),
    Text(u16, &'static str),
    Empty,
    /// A status, and after how many seconds to ask again.
    Busy(u16, u32),
    /// The connection breaks; whatever the closure did stays done.
    Lost,
    /// The connection stays open, and no answer ever comes.
    Silence,
}

pub fn ok(body: Value) -> Reply {
    Reply::Json(200, body)
}

/// A refusal as the service words it: 400 with a code.
pub fn refused(code: &str) -> Reply {
    Reply::Json(400, json!({"error_code": code, "error_msg": "refused by the script"}))
}

pub struct Server {
    pub url: String,
    journal: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub async fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let journal = Arc::new(Mutex::new(Vec::new()));
        let (script, diary) = (Arc::new(script), Arc::clone(&journal));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (script, diary) = (Arc::clone(&script), Arc::clone(&diary));
                tokio::spawn(async move { serve(socket, &*script, &diary).await });
            }
        });
        Self { url, journal }
    }

    pub fn client(&self) -> Client {
        Client::builder()
            .environment(Environment::empty())
            .region("cn-north-4")
            .project_id(PROJECT)
            .credentials(Credentials::token(Secret::from("made-up-token"), None))
            .endpoint(Service::Oms, &self.url)
            .endpoint(Service::Sms, &self.url)
            .endpoint(Service::Iam, &self.url)
            .retry(RetryPolicy::default().max_attempts(2).first_pause(Duration::from_millis(5)))
            .seed(1)
            .build()
            .unwrap()
    }

    pub fn oms(&self) -> Oms {
        self.client().oms()
    }

    pub fn sms(&self) -> Sms {
        self.client().sms()
    }

    pub fn journal(&self) -> Vec<Asked> {
        self.journal.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.journal().iter().map(Asked::line).collect()
    }

    pub fn count(&self, method: &str, path: &str) -> usize {
        self.journal().iter().filter(|asked| asked.is(method, path)).count()
    }
}

async fn serve(
    socket: TcpStream,
    script: &(dyn Fn(&Asked) -> Reply + Send + Sync),
    diary: &Mutex<Vec<Asked>>,
) {
    let mut stream = BufReader::new(socket);
    loop {
        let Some(asked) = read(&mut stream).await else { return };
        diary.lock().unwrap().push(asked.clone());
        let mut more = String::new();
        let (status, content, body) = match script(&asked) {
            Reply::Json(status, body) => (status, "application/json", body.to_string()),
            Reply::Text(status, text) => (status, "text/html", text.to_owned()),
            Reply::Empty => (200, "application/json", String::new()),
            Reply::Busy(status, seconds) => {
                more = format!("Retry-After: {seconds}\r\n");
                let code = if status == 429 { "APIGW.0308" } else { "SMS.0000" };
                (status, "application/json", json!({"error_code": code, "error_msg": "busy"}).to_string())
            }
            Reply::Lost => return,
            Reply::Silence => return std::future::pending().await,
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {content}\r\nContent-Length: {}\r\nX-Request-Id: req-1\r\n{more}\r\n",
            body.len()
        );
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut length = 0;
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let oms = format!("/v2/{PROJECT}");
    let path = path
        .strip_prefix(&oms)
        .or_else(|| path.strip_prefix("/v3").filter(|path| !path.is_empty()))
        .unwrap_or(path)
        .to_owned();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    Some(Asked { method, path, query: query.to_owned(), body })
}

/// A complete request whose secrets are all the same word.
pub fn request() -> TaskRequest {
    TaskRequest::new(
        Source::bucket("AWS", "eu-central-1", "photos", SECRET, SECRET),
        Destination::new("cn-north-4", "copy", SECRET, SECRET),
    )
}

pub const SECRET: &str = "made-up-secret-marker";

/// A task in a state.
pub fn task(id: i64, status: i64) -> Value {
    json!({
        "id": id, "status": status, "is_query_over": true, "total_num": 10, "successful_num": 4, "failed_num": 0,
        "skipped_num": 0, "total_size": 1000, "complete_size": 400, "left_time": 0, "start_time": 1, "total_time": 1
    })
}
