//! `Transport`: carries one HTTP request, and reqwest behind it.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};

use crate::error::{BoxError, Error};
use crate::host;

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries one HTTP request and brings the answer, whatever its status.
///
/// It follows no redirect and repeats nothing: both are for the [`Client`](crate::Client) to decide.
///
/// One that wraps another, to log or to record, must not show bodies: the request of a token holds the
/// secret. Headers are safe to show, since the token in them is marked as sensitive.
///
/// ```
/// use graph_action::bytes::Bytes;
/// use graph_action::http::{Request, Response};
/// use graph_action::transport::{Body, BoxFuture, HttpTransport, Transport, TransportError};
///
/// struct Logging(HttpTransport);
///
/// impl Transport for Logging {
///     fn send(
///         &self,
///         request: Request<Bytes>,
///     ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
///         let line = format!("{} {}", request.method(), request.uri().path());
///         Box::pin(async move {
///             let response = self.0.send(request).await?;
///             println!("{line}: {}", response.status());
///             Ok(response)
///         })
///     }
/// }
/// ```
pub trait Transport: Send + Sync + 'static {
    /// Sends `request`, and gives the answer when its headers have come.
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>>;
}

/// The body of an answer, as it arrives.
pub struct Body(UnsyncBoxBody<Bytes, TransportError>);

impl Body {
    /// A body that comes in pieces.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(body.map_err(TransportError::new).boxed_unsync())
    }

    /// Reads it to its end, or an error if it is longer than `limit` bytes.
    pub(crate) async fn read(self, limit: usize) -> Result<Bytes, Error> {
        match Limited::new(self.0, limit).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(source) if source.is::<LengthLimitError>() => Err(Error::answer(format!(
                "the answer is longer than {limit} bytes"
            ))),
            Err(source) => Err(Error::transport("the answer was cut off").with_source(source)),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::new(Full::new(bytes))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Body(..)")
    }
}

/// Why no answer came, or not all of it.
#[derive(Debug)]
pub struct TransportError(BoxError);

impl TransportError {
    /// Wraps the error of an HTTP library.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// The transport that a [`Client`](crate::Client) has unless it is given another.
///
/// It goes through the system's proxy, but not to loopback addresses. It waits 10 s for a connection, and
/// 100 s for anything more of an answer.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    /// For loopback addresses, which mean another machine to a proxy.
    direct: reqwest::Client,
}

impl HttpTransport {
    /// A transport with a connection pool of its own.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when the system's TLS roots cannot be read.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            client: build(reqwest::Client::builder())?,
            direct: build(reqwest::Client::builder().no_proxy())?,
        })
    }
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    builder
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(100))
        .user_agent(concat!("graph-action/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|source| Error::config("the HTTP client cannot be set up").with_source(source))
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(without_url)?;
            let is_loopback = host::is_loopback(request.url());
            let client = if is_loopback {
                &self.direct
            } else {
                &self.client
            };
            let response = client.execute(request).await.map_err(without_url)?;
            Ok(Response::from(response).map(Body::new))
        })
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        (**self).send(request)
    }
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        (**self).send(request)
    }
}

/// The error without the address, which holds the values of the call.
fn without_url(error: reqwest::Error) -> TransportError {
    TransportError::new(error.without_url())
}
