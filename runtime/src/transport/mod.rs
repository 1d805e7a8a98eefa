//! What carries the requests: [`Transport`], and `HttpTransport` with reqwest behind it.

#[cfg(feature = "reqwest")]
mod http_transport;
#[cfg(feature = "reqwest")]
mod tls;

use std::error::Error as StdError;
use std::fmt;
use std::future::ready;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
#[cfg(feature = "reqwest")]
use futures_util::future::Either;
use http::uri::InvalidUri;
use http::{HeaderMap, Method, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use tokio::time::{Instant, timeout_at};
use url::Url;

#[cfg(feature = "reqwest")]
pub use self::http_transport::{HttpTransport, HttpTransportBuilder};
use crate::error::{BoxError, Error};

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries one HTTP request and brings the answer, whatever its status.
///
/// It follows no redirect and repeats nothing: both are for the [`Client`](crate::Client) to decide. A
/// request that has [`NewConnection`] among its extensions should not go over a connection that was used
/// before.
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

/// Asks, among the extensions of a request, for a connection of its own: the one at hand led to a server
/// that had enough to do.
#[derive(Debug, Clone, Copy)]
pub struct NewConnection;

/// The body of an answer, as it arrives.
pub struct Body(Inner);

enum Inner {
    Whole(Bytes),
    Pieces(UnsyncBoxBody<Bytes, TransportError>),
    /// In pieces too, without a box of its own.
    #[cfg(feature = "reqwest")]
    Reqwest(reqwest::Body),
}

impl Body {
    /// A body that comes in pieces.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Inner::Pieces(
            body.map_err(TransportError::new).boxed_unsync(),
        ))
    }

    /// What has come of it as a whole.
    pub(crate) fn whole(&self) -> &Bytes {
        static NOTHING: Bytes = Bytes::new();
        match &self.0 {
            Inner::Whole(bytes) => bytes,
            _ => &NOTHING,
        }
    }

    /// Reads it to its end, or an error if it is longer than `limit` bytes or the time is up.
    pub(crate) async fn read(self, limit: usize, deadline: Instant) -> Result<Bytes, Error> {
        match timeout_at(deadline, self.read_within(limit)).await {
            Ok(read) => read,
            Err(_) => Err(Error::cut_off(TransportError::timed_out())),
        }
    }

    async fn read_within(mut self, limit: usize) -> Result<Bytes, Error> {
        let mut whole = Bytes::new();
        let mut pieces = BytesMut::new();
        while let Some(frame) = self.frame().await {
            let frame = frame.map_err(Error::cut_off)?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if data.len() > limit - whole.len() - pieces.len() {
                return Err(Error::too_long(limit));
            }
            if whole.is_empty() && pieces.is_empty() {
                // Most come in one piece, which need not be copied.
                whole = data;
            } else {
                pieces.extend_from_slice(&mem::take(&mut whole));
                pieces.extend_from_slice(&data);
            }
        }
        Ok(if pieces.is_empty() {
            whole
        } else {
            pieces.freeze()
        })
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = TransportError;

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Whole(bytes) => bytes.is_empty(),
            Inner::Pieces(body) => body.is_end_stream(),
            #[cfg(feature = "reqwest")]
            Inner::Reqwest(body) => body.is_end_stream(),
        }
    }

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        match &mut self.0 {
            Inner::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Inner::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(mem::take(bytes))))),
            Inner::Pieces(body) => Pin::new(body).poll_frame(context),
            #[cfg(feature = "reqwest")]
            Inner::Reqwest(body) => {
                let frame = Pin::new(body).poll_frame(context);
                frame.map_err(http_transport::without_address)
            }
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Whole(bytes))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Body(..)")
    }
}

/// Why no answer came, or not all of it.
///
/// Its kind says whether the request can have been carried out. A transport of yours that knows that
/// nothing was sent should say so, since only then any request is sent again.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: BoxError,
}

/// What is known of a request that was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The server has not begun: no connection was opened, or it says so itself.
    NotSent,
    /// The connection was lost; the server may have carried the request out.
    Lost,
    /// The time was up; the server may have carried the request out.
    TimedOut,
    /// What came cannot be decompressed.
    Undecodable,
}

impl TransportError {
    /// Wraps the error of an HTTP library: one of [`TransportErrorKind::Lost`], until it is said otherwise.
    pub fn new(error: impl Into<BoxError>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(error) => *error,
            Err(source) => Self {
                kind: TransportErrorKind::Lost,
                source,
            },
        }
    }

    /// Says what is known of the request.
    #[must_use]
    pub fn with_kind(mut self, kind: TransportErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// What is known of the request.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    pub(crate) fn timed_out() -> Self {
        Self::new("the time for the call is up").with_kind(TransportErrorKind::TimedOut)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(formatter)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.source()
    }
}

/// A request with the address as the client has it: parsed.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether it asks for a [`NewConnection`].
    pub(crate) is_new: bool,
}

impl Outgoing {
    fn send_by(
        self,
        transport: &dyn Transport,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        match self.request() {
            Ok(request) => transport.send(request),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }

    fn request(self) -> Result<Request<Bytes>, TransportError> {
        let not_sent =
            |error: InvalidUri| TransportError::new(error).with_kind(TransportErrorKind::NotSent);
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.url.as_str().parse().map_err(not_sent)?;
        *request.headers_mut() = self.headers;
        if self.is_new {
            request.extensions_mut().insert(NewConnection);
        }
        Ok(request)
    }
}

/// What carries the requests of a client: its own transport, whose future needs no box, or another.
pub(crate) enum Carrier {
    #[cfg(feature = "reqwest")]
    Http(HttpTransport),
    Other(Arc<dyn Transport>),
}

impl Carrier {
    #[cfg(feature = "reqwest")]
    pub(crate) fn send(
        &self,
        outgoing: Outgoing,
    ) -> impl Future<Output = Result<Response<Body>, TransportError>> + Send {
        match self {
            Self::Http(transport) => Either::Left(transport.exchange(outgoing)),
            Self::Other(transport) => Either::Right(outgoing.send_by(&**transport)),
        }
    }

    #[cfg(not(feature = "reqwest"))]
    pub(crate) fn send(
        &self,
        outgoing: Outgoing,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let Self::Other(transport) = self;
        outgoing.send_by(&**transport)
    }

    pub(crate) fn as_dyn(&self) -> &dyn Transport {
        match self {
            #[cfg(feature = "reqwest")]
            Self::Http(transport) => transport,
            Self::Other(transport) => &**transport,
        }
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
