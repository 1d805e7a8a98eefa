//! `HttpTransport`: reqwest, set up for Graph.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::iter;
use std::mem;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use reqwest::Proxy;
use reqwest::redirect::Policy;
use reqwest::retry;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;

use super::{
    Body, BoxFuture, NewConnection, Outgoing, Transport, TransportError, TransportErrorKind, tls,
};
use crate::error::Error;
use crate::host;

/// Static, since each request clones it.
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("graph-action/", env!("CARGO_PKG_VERSION")));

/// The transport that a [`Client`](crate::Client) has unless it is given another.
///
/// It speaks HTTP/2 where the server does, over TLS 1.2 or newer with the certificates that the system
/// trusts, and goes through the system's proxy, but not to this machine (loopback) and its host
/// (link-local). It waits 10 s for a connection. Cheap to clone: the clones share connections.
#[derive(Clone)]
pub struct HttpTransport {
    inner: Arc<Inner>,
}

struct Inner {
    settings: HttpTransportBuilder,
    tls: ClientConfig,
    clients: [OnceLock<reqwest::Client>; 4],
}

/// What a request asks of the client that sends it.
#[derive(Clone, Copy, Default)]
struct Way {
    /// Without a proxy: to an address that means another machine there.
    is_direct: bool,
    /// Over a connection of its own.
    is_new: bool,
}

impl Inner {
    fn client(&self, way: Way) -> Result<&reqwest::Client, Error> {
        let slot = &self.clients[usize::from(way.is_direct) + 2 * usize::from(way.is_new)];
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = self.settings.client(way, self.tls.clone())?;
        Ok(slot.get_or_init(|| client))
    }
}

impl HttpTransport {
    /// A transport with a connection pool of its own.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when the system's TLS roots cannot be read, or there is
    /// no cryptography: neither a feature, `aws-lc` or `ring`, nor a provider that the program has installed.
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Begins a transport that is set up otherwise than [`new`](Self::new) does it.
    pub fn builder() -> HttpTransportBuilder {
        HttpTransportBuilder {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: None,
            proxy: ProxyChoice::System,
            roots: Vec::new(),
        }
    }

    /// Sends a request. What goes out is handed over at once, so that the future need not hold it.
    pub(super) fn exchange(
        &self,
        outgoing: Outgoing,
    ) -> impl Future<Output = Result<Response<Body>, TransportError>> + Send + use<> {
        let sent = self.execute(outgoing);
        async {
            let response = sent?.await;
            let mut response = response.map_err(without_address)?;
            if response.content_length() == Some(0) {
                // An action's, most often: what it has is its head.
                let mut head = Response::new(Body::from(Bytes::new()));
                *head.status_mut() = response.status();
                *head.headers_mut() = mem::take(response.headers_mut());
                return Ok(head);
            }
            let response = Response::from(response);
            Ok(response.map(|body| Body(super::Inner::Reqwest(body))))
        }
    }

    fn execute(
        &self,
        outgoing: Outgoing,
    ) -> Result<
        impl Future<Output = reqwest::Result<reqwest::Response>> + Send + use<>,
        TransportError,
    > {
        let Outgoing {
            method,
            url,
            headers,
            body,
            is_new,
        } = outgoing;
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        let is_direct = host::is_direct(request.url());
        let way = Way { is_direct, is_new };
        let client = self.inner.client(way).map_err(not_sent)?;
        Ok(client.execute(request))
    }
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let (parts, body) = request.into_parts();
        Box::pin(async move {
            let outgoing = Outgoing {
                is_new: parts.extensions.get::<NewConnection>().is_some(),
                method: parts.method,
                url: Url::parse(&parts.uri.to_string()).map_err(not_sent)?,
                headers: parts.headers,
                body,
            };
            self.exchange(outgoing).await
        })
    }
}

/// Sets up an [`HttpTransport`].
///
/// ```
/// use std::time::Duration;
///
/// use graph_action::transport::HttpTransport;
///
/// let transport = HttpTransport::builder()
///     .proxy("http://proxy.contoso.com:8080")?
///     .connect_timeout(Duration::from_secs(30))
///     .build()?;
/// # Ok::<(), graph_action::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct HttpTransportBuilder {
    connect_timeout: Duration,
    idle_timeout: Option<Duration>,
    proxy: ProxyChoice,
    roots: Vec<CertificateDer<'static>>,
}

#[derive(Clone)]
enum ProxyChoice {
    System,
    None,
    This(Box<Proxy>),
}

impl HttpTransportBuilder {
    /// How long to wait for a connection, its TLS included: 10 s unless it is said.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long to wait for anything more of an answer. Unless it is said, the [time of the
    /// call](crate::ClientBuilder::timeout) ends what stops coming.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// The proxy to go through, instead of the system's. It can hold a user name and a password:
    /// `http://user:password@proxy:8080`. Loopback addresses are reached without it.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when `address` is no URL.
    pub fn proxy(mut self, address: &str) -> Result<Self, Error> {
        // The source is dropped: it could quote the password.
        let proxy =
            Proxy::all(address).map_err(|_| Error::config("the address of the proxy is no URL"))?;
        self.proxy = ProxyChoice::This(Box::new(proxy));
        Ok(self)
    }

    /// Goes through no proxy, not even the system's.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = ProxyChoice::None;
        self
    }

    /// Trusts the certificates of a PEM file too, besides those that the system trusts: those of a proxy
    /// that looks into TLS.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when there is none in it.
    pub fn root_certificates(mut self, pem: &[u8]) -> Result<Self, Error> {
        let wrong =
            "the root certificates cannot be read: they are PEM, `-----BEGIN CERTIFICATE-----`";
        let before = self.roots.len();
        for root in CertificateDer::pem_slice_iter(pem) {
            let root = root.map_err(|source| Error::config(wrong).with_source(source))?;
            self.roots.push(root);
        }
        match self.roots.len() > before {
            true => Ok(self),
            false => Err(Error::config(wrong)),
        }
    }

    /// The transport.
    ///
    /// # Errors
    ///
    /// Those of [`HttpTransport::new`].
    pub fn build(self) -> Result<HttpTransport, Error> {
        let inner = Inner {
            tls: tls::config(&self.roots)?,
            settings: self,
            clients: Default::default(),
        };
        inner.client(Way::default())?;
        Ok(HttpTransport {
            inner: Arc::new(inner),
        })
    }

    fn client(&self, way: Way, tls: ClientConfig) -> Result<reqwest::Client, Error> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .retry(retry::never())
            .connect_timeout(self.connect_timeout)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_timeout(Duration::from_secs(20))
            .user_agent(USER_AGENT);
        if let Some(timeout) = self.idle_timeout {
            builder = builder.read_timeout(timeout);
        }
        builder = match &self.proxy {
            _ if way.is_direct => builder.no_proxy(),
            ProxyChoice::System => builder,
            ProxyChoice::None => builder.no_proxy(),
            ProxyChoice::This(proxy) => builder.proxy(Proxy::clone(proxy)),
        };
        if way.is_new {
            // Without a pool each request opens a connection.
            builder = builder.pool_max_idle_per_host(0);
        }
        builder
            .build()
            .map_err(|source| Error::config("the HTTP client cannot be set up").with_source(source))
    }
}

// Not the proxy, which may have a password, and so not reqwest's own client.
impl fmt::Debug for HttpTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpTransport")
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for HttpTransportBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpTransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .finish_non_exhaustive()
    }
}

fn not_sent(error: impl StdError + Send + Sync + 'static) -> TransportError {
    TransportError::new(error).with_kind(TransportErrorKind::NotSent)
}

/// The error without the address, which holds the values of the call.
pub(super) fn without_address(error: reqwest::Error) -> TransportError {
    let kind = kind(&error);
    TransportError::new(error.without_url()).with_kind(kind)
}

fn kind(error: &reqwest::Error) -> TransportErrorKind {
    if error.is_connect() || is_refused(error) {
        TransportErrorKind::NotSent
    } else if error.is_timeout() {
        TransportErrorKind::TimedOut
    } else if is_undecodable(error) {
        TransportErrorKind::Undecodable
    } else {
        TransportErrorKind::Lost
    }
}

/// Whether the server says that it has not begun: RFC 9113 section 8.7.
fn is_refused(error: &reqwest::Error) -> bool {
    sources(error)
        .find_map(|error| error.downcast_ref::<h2::Error>())
        .is_some_and(|error| {
            let is_graceful = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
            let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
            error.is_remote() && (is_graceful || is_refused)
        })
}

/// Whether what came is not what its `Content-Encoding` says.
fn is_undecodable(error: &reqwest::Error) -> bool {
    // What hyper and rustls find wrong has an error of theirs before it.
    let mut errors = sources(error).skip_while(|error| error.is::<reqwest::Error>());
    let found = errors
        .next()
        .and_then(|error| error.downcast_ref::<io::Error>());
    found.is_some_and(|error| error.kind() == io::ErrorKind::InvalidData)
}

fn sources(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    iter::successors(error.source(), |error| (*error).source())
}
