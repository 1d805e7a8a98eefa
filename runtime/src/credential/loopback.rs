//! `Loopback`: where a browser comes back to with the code.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;
use zeroize::Zeroizing;

use crate::error::Error;

/// How long a connection may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait when there are no connections to be had.
const PAUSE: Duration = Duration::from_millis(50);

/// How many connections are held at once, before the oldest has to go: a browser opens some ahead, and no one else
/// has business here.
const MAX_CONNECTIONS: usize = 16;

/// How many ports are tried, of which another program may have one half.
const MAX_PORTS: usize = 8;

const DONE: &str = "<!doctype html><title>Thank you</title><p>You can close this window, and return to the program that asked you to sign in.";
const FAILED: &str = "<!doctype html><title>Not signed in</title><p>You are not signed in. The program that asked you says why.";

/// A loopback port that waits for the redirect of a sign-in.
pub(crate) struct Loopback {
    listener: TcpListener,
    /// `localhost` is that to some browsers.
    v6: Option<TcpListener>,
    address: String,
}

type Code = Result<Zeroizing<String>, Error>;

impl Loopback {
    pub(crate) async fn bind() -> io::Result<Self> {
        for _ in 0..MAX_PORTS {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let port = listener.local_addr()?.port();
            let v6 = match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
                // Somebody else would get what is meant for here.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => continue,
                bound => bound.ok(),
            };
            return Ok(Self {
                listener,
                v6,
                // The platform lets the port of `localhost` vary, and that of an address only by a manifest.
                address: format!("http://localhost:{port}"),
            });
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// The address that is registered with the app, but for the port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the redirect that has `state`, whoever else comes.
    pub(crate) async fn come_back(&self, state: &str) -> Code {
        let state: Arc<str> = state.into();
        let mut connections = JoinSet::new();
        let mut handles = VecDeque::new();
        loop {
            tokio::select! {
                accepted = self.accept() => match accepted {
                    Ok(stream) => {
                        handles.push_back(connections.spawn(serve(stream, Arc::clone(&state))));
                        if handles.len() > MAX_CONNECTIONS {
                            handles.pop_front().as_ref().map(AbortHandle::abort);
                        }
                    }
                    // Out of file descriptors, say: there may be some again.
                    Err(_) => sleep(PAUSE).await,
                },
                Some(served) = connections.join_next() => {
                    if let Ok(Some(code)) = served {
                        return code;
                    }
                }
            }
        }
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = match &self.v6 {
            None => self.listener.accept().await?,
            Some(v6) => tokio::select! {
                accepted = self.listener.accept() => accepted?,
                accepted = v6.accept() => accepted?,
            },
        };
        Ok(stream)
    }
}

/// Answers one request of a connection and closes it; gives what the browser came back with, if it did.
async fn serve(stream: TcpStream, state: Arc<str>) -> Option<Code> {
    let found = Mutex::new(None);
    let service = service_fn(|request| {
        let code = code(&request, &state);
        let answer = match &code {
            Some(Ok(_)) => page(StatusCode::OK, DONE),
            Some(Err(_)) => page(StatusCode::OK, FAILED),
            None => page(StatusCode::NOT_FOUND, ""),
        };
        *found.lock().unwrap_or_else(PoisonError::into_inner) = code;
        async { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // A browser that goes away has what it wanted, or comes again.
    let _ = connection.await;
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What the browser comes back with: RFC 6749 sections 4.1.2 and 4.1.2.1.
fn code(request: &Request<Incoming>, state: &str) -> Option<Code> {
    let query = request.uri().query().unwrap_or_default();
    let query = form_urlencoded::parse(query.as_bytes()).into_owned();
    let mut query: HashMap<_, _> = query.collect();
    if request.uri().path() != "/" || query.get("state").map(String::as_str) != Some(state) {
        return None;
    }
    Some(match (query.remove("code"), query.remove("error")) {
        (Some(code), None) => Ok(Zeroizing::new(code)),
        (_, error) => Err(Error::sent_back(
            error.unwrap_or_else(|| "no code".to_owned()),
            query.remove("error_description"),
        )),
    })
}

fn page(status: StatusCode, html: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    // The address of the page has the code in it.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
