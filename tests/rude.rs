//! A server that answers as rudely as it is told to, over raw sockets, in the runtime of the test: where
//! the time of the test stands still, so does the server's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::watch;

/// What the server does about a request.
#[derive(Debug)]
pub enum Move {
    /// Sends bytes, whatever HTTP says of them, and reads the next request.
    Say(Vec<u8>),
    /// Sends bytes and closes the connection.
    SayAndClose(Vec<u8>),
    /// Sends bytes after a while.
    Later(Duration, Vec<u8>),
    /// Sends bytes, and then one every now and then.
    Drip(Vec<u8>, Duration),
    /// Sends bytes, and then the others for as long as there is somebody to read them.
    Endless(Vec<u8>, Vec<u8>),
    /// Closes the connection with a reset.
    Reset,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Head and body.
    pub text: String,
    /// When it had come.
    pub at: Instant,
    /// The connection it came over, counted.
    pub connection: usize,
}

/// The server, in the runtime of the test.
#[derive(Debug)]
pub struct Rude {
    root: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Rude {
    /// A server that asks `answer` what to do about each request, the first being 0.
    ///
    /// # Panics
    ///
    /// When there is no port.
    pub async fn start(answer: impl Fn(usize, &str) -> Move + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, answer)
    }

    /// The same on a port that is there already.
    ///
    /// # Panics
    ///
    /// When there is no port.
    pub fn on(
        listener: TcpListener,
        answer: impl Fn(usize, &str) -> Move + Send + Sync + 'static,
    ) -> Self {
        watch();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                tokio::spawn(async move {
                    let mut stream = stream;
                    let is_reset = serve(&mut stream, connection, &log, &*answer).await;
                    if is_reset {
                        stream.set_zero_linger().unwrap();
                    }
                });
            }
        });
        Self { root, seen }
    }

    /// Its address.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Answers what comes over a connection; whether it is to be reset.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    connection: usize,
    log: &Mutex<Vec<Seen>>,
    answer: &(impl Fn(usize, &str) -> Move + Sync),
) -> bool {
    while let Some(text) = read_request(stream).await {
        let next = {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            let next = answer(log.len(), &text);
            log.push(Seen {
                text,
                at: Instant::now(),
                connection,
            });
            next
        };
        match next {
            Move::Say(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return false;
                }
            }
            Move::SayAndClose(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return false;
            }
            Move::Later(wait, bytes) => {
                sleep(wait).await;
                if stream.write_all(&bytes).await.is_err() {
                    return false;
                }
            }
            Move::Drip(bytes, every) => {
                let mut next = bytes;
                while stream.write_all(&next).await.is_ok() {
                    sleep(every).await;
                    next = vec![b' '];
                }
                return false;
            }
            Move::Endless(bytes, chunk) => {
                let mut next = bytes;
                while stream.write_all(&next).await.is_ok() {
                    next.clone_from(&chunk);
                }
                return false;
            }
            Move::Reset => return true,
        }
    }
    false
}

/// Reads head and body; `None` when the connection is closed before they came.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let mut lines = head.lines();
            let length = lines.find_map(|line| line.strip_prefix("content-length: "));
            let length = length.map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(text.into_owned());
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// An answer with a status, headers, a request id, and a body of the right length.
pub fn reply(status: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\nrequest-id: theirs\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    text.into_bytes()
}

/// An answer at once.
pub fn say(status: &str, headers: &[(&str, &str)], body: &str) -> Move {
    Move::Say(reply(status, headers, body))
}

/// An answer without content, at once.
pub fn done() -> Move {
    say("204 No Content", &[], "")
}

/// The host that a request names.
///
/// # Panics
///
/// When it names none.
pub fn host(request: &str) -> &str {
    let mut lines = request.lines();
    let host = lines.find_map(|line| line.strip_prefix("host: "));
    host.expect("a request names its host")
}
