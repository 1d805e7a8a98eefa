//! What the tests share: a server that answers what it is told to, and a client for it.

pub mod rude;
mod watch;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use bytes::Bytes;
use graph_action::credential::StaticToken;
use graph_action::emulator::{Emulator, EmulatorBuilder};
use graph_action::transport::{Body, BoxFuture, Transport, TransportError};
use graph_action::{Client, Retry};
use http::{Request, Response, StatusCode};

pub use self::watch::{CANARY, Logs, discreet, secret, watch};

/// The README, whose code is tested like that of any documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub mod readme {}

/// Says that something is left out of a test, even where the output of a test that passes is not shown.
pub fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "left out: {what}");
}

/// A server on a loopback port that answers each connection's request with raw bytes, whatever HTTP
/// says of them, and then closes the connection.
#[derive(Debug)]
pub struct RawServer {
    root: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl RawServer {
    /// A server that gives `answer` the request, and sends what it returns.
    ///
    /// # Panics
    ///
    /// When there is no port.
    pub fn start(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> Self {
        watch();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let request = read_request(&mut stream);
                let bytes = answer(&request);
                seen.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(request);
                // The client may have gone away.
                let _ = stream.write_all(&bytes);
            }
        });
        Self {
            root: format!("http://{address}"),
            requests,
        }
    }

    /// A server that always answers with `answer`.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |_| answer.clone())
    }

    /// Its address, as in `http://127.0.0.1:40123`.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The requests so far, as they came.
    pub fn requests(&self) -> Vec<String> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A client of the server that needs no sign-in, and sends a call once.
    ///
    /// # Panics
    ///
    /// When there is none to be had.
    pub fn client(&self) -> Client {
        let token = StaticToken::new("canary-token").expect("a token");
        let builder = Client::builder(token).root(self.root());
        let builder = builder.retry(Retry::never());
        builder.build().expect("a client")
    }
}

/// The embedded service, with a watch over its secret.
///
/// # Panics
///
/// When there is no port.
pub async fn emulator() -> Emulator {
    watched(Emulator::builder()).await
}

/// The embedded service, set up otherwise.
///
/// # Panics
///
/// When there is no port.
pub async fn watched(builder: EmulatorBuilder) -> Emulator {
    let emulator = builder.start().await.expect("a port");
    secret(emulator.client_secret());
    emulator
}

/// A transport that keeps what it is given, and answers 204.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    requests: Arc<Mutex<Vec<Request<Bytes>>>>,
}

impl Recorder {
    /// The requests so far.
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.clone()
    }

    /// A client over this transport, of a Graph that is not there.
    ///
    /// # Panics
    ///
    /// When there is none to be had.
    pub fn client(&self) -> Client {
        watch();
        let token = StaticToken::new("canary-token").expect("a token");
        let builder = Client::builder(token).transport(self.clone());
        builder.build().expect("a client")
    }
}

impl Transport for Recorder {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push(request);
        let mut response = Response::new(Body::from(Bytes::new()));
        *response.status_mut() = StatusCode::NO_CONTENT;
        Box::pin(async { Ok(response) })
    }
}

/// An answer with a status, headers, and a body of the right length.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!(
        "content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ));
    text.into_bytes()
}

/// Reads head and body; a request here always has a length or no body.
fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .next()
                .unwrap_or(0);
            if body.len() >= length {
                return text.into_owned();
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&bytes).into_owned(),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Sends raw bytes to a server, and gives its answer, as text.
///
/// # Panics
///
/// When the server cannot be reached.
pub fn exchange(root: &str, request: &str) -> String {
    let address = root.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
