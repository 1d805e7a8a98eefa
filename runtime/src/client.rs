//! `Client`: from a rendered call to the answer of Graph.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, LOCATION, RANGE};
use http::uri::InvalidUri;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use url::Url;
use uuid::Uuid;

use crate::action::{ApiVersion, Caller, Permissions};
use crate::credential::cache::Cache;
use crate::credential::{AccessToken, Credential, TokenRequest};
use crate::error::Error;
use crate::host;
use crate::request::Call;
use crate::response::{Answer, Origin};
use crate::transport::{Body, HttpTransport, Transport, TransportError};

/// Microsoft Graph in the global cloud.
const GLOBAL: &str = "https://graph.microsoft.com";

pub(crate) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// The longest error that is read, in bytes.
const MAX_ERROR: usize = 64 << 10;

/// How many redirects of a download are followed.
const MAX_REDIRECTS: usize = 5;

/// Sends requests to Microsoft Graph, with the tokens of a credential.
///
/// Cheap to clone: the clones share connections and token.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    root: String,
    origin: url::Origin,
    scope: String,
    credential: Box<dyn Credential>,
    cache: Cache,
    transport: Box<dyn Transport>,
}

impl Client {
    /// A client of Graph in the global cloud.
    ///
    /// # Errors
    ///
    /// Those of [`ClientBuilder::build`].
    pub fn new(credential: impl Credential) -> Result<Self, Error> {
        Self::builder(credential).build()
    }

    /// Begins a client that is set up otherwise than [`new`](Self::new) does it.
    pub fn builder(credential: impl Credential) -> ClientBuilder {
        ClientBuilder {
            credential: Box::new(credential),
            root: GLOBAL.to_owned(),
            transport: None,
        }
    }

    /// Sends a call, and gives the answer if its status is 2xx.
    pub(crate) async fn call(&self, call: Call) -> Result<Answer, Error> {
        self.check_caller(&call.permissions)?;
        let origin = Origin::new(self, call.version, &call.headers, call.timeout);
        let address = format!("{}/{}{}", self.inner.root, call.version, call.path);
        let body = call.body.unwrap_or_default();
        let range = call.headers.get(RANGE).cloned();
        let request = request(call.method, &address, call.headers, body)?;
        let mut response = self.send_with_token(request).await?;
        if call.is_download && is_redirect(response.status()) {
            let location = location_of(&response)?;
            response = self.download(location, range).await?;
        }
        Ok(Answer::new(success(response).await?, address, origin))
    }

    /// Follows a link of an answer to more of the same, on Graph itself only.
    pub(crate) async fn follow(&self, link: &str, origin: Origin) -> Result<Answer, Error> {
        if !self.is_own(link) {
            return Err(Error::answer(
                "a link of the answer leads to another host than the client's",
            ));
        }
        let request = request(Method::GET, link, origin.headers.clone(), Bytes::new())?;
        let response = self.send_with_token(request).await?;
        Ok(Answer::new(
            success(response).await?,
            link.to_owned(),
            origin,
        ))
    }

    /// Looks at an operation: at Graph with the token, elsewhere without. A redirect is an answer too.
    pub(crate) async fn watch(&self, address: &str, origin: Origin) -> Result<Answer, Error> {
        let response = if self.is_own(address) {
            let request = request(Method::GET, address, origin.headers.clone(), Bytes::new())?;
            self.send_with_token(request).await?
        } else {
            self.send_elsewhere(address, HeaderMap::new()).await?
        };
        let response = if is_redirect(response.status()) {
            response
        } else {
            success(response).await?
        };
        Ok(Answer::new(response, address.to_owned(), origin))
    }

    /// The whole address of a `Location`, which an answer of `from` gives. Graph leaves out its host, and
    /// some of its services the version too.
    pub(crate) fn resolve(
        &self,
        location: &str,
        from: &str,
        version: ApiVersion,
    ) -> Option<String> {
        let is_from_version = ["v1.0", "beta"]
            .iter()
            .any(|version| location.trim_start_matches('/').split('/').next() == Some(version));
        match location.strip_prefix('/') {
            Some(path) if self.is_own(from) && !path.starts_with('/') => Some(if is_from_version {
                format!("{}/{path}", self.inner.root)
            } else {
                format!("{}/{version}/{path}", self.inner.root)
            }),
            _ => Some(Url::parse(from).ok()?.join(location).ok()?.into()),
        }
    }

    /// Follows the redirect of a download to a pre-authenticated address, without the token.
    async fn download(
        &self,
        mut location: String,
        range: Option<HeaderValue>,
    ) -> Result<Response<Body>, Error> {
        let headers: HeaderMap = range.map(|range| (RANGE, range)).into_iter().collect();
        for _ in 0..MAX_REDIRECTS {
            let response = self.send_elsewhere(&location, headers.clone()).await?;
            if !is_redirect(response.status()) {
                return Ok(response);
            }
            location = location_of(&response)?;
        }
        Err(Error::answer("the content is behind too many redirects"))
    }

    /// Whether an address is on the client's own host, where the token may go.
    fn is_own(&self, address: &str) -> bool {
        host::secure(address).is_ok_and(|address| address.origin() == self.inner.origin)
    }

    async fn send_with_token(&self, mut request: Request<Bytes>) -> Result<Response<Body>, Error> {
        let token = self.token().await?;
        request
            .headers_mut()
            .insert(AUTHORIZATION, token.bearer().clone());
        self.send(request).await
    }

    async fn send_elsewhere(
        &self,
        address: &str,
        headers: HeaderMap,
    ) -> Result<Response<Body>, Error> {
        host::secure(address).map_err(|why| {
            Error::answer(format!("an address of the answer cannot be used: {why}"))
        })?;
        self.send(request(Method::GET, address, headers, Bytes::new())?)
            .await
    }

    /// Sends a request under a fresh id, which the headers of the answer then hold.
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Body>, Error> {
        let id = client_request_id();
        request.headers_mut().insert(CLIENT_REQUEST_ID, id.clone());
        let response = self.inner.transport.send(request).await;
        let mut response = response.map_err(|source| unanswered(source, &id))?;
        // Graph sends it back; what stands between Graph and here may not.
        response.headers_mut().insert(CLIENT_REQUEST_ID, id);
        Ok(response)
    }

    /// Tells a caller whose kind the action does not support before anything is sent.
    pub(crate) fn check_caller(&self, permissions: &Permissions) -> Result<(), Error> {
        match self.inner.credential.caller() {
            Some(caller) if permissions.of(caller).is_empty() => {
                Err(Error::caller(unsupported(caller, permissions)))
            }
            _ => Ok(()),
        }
    }

    async fn token(&self) -> Result<AccessToken, Error> {
        let Inner {
            scope,
            credential,
            cache,
            transport,
            ..
        } = &*self.inner;
        let renew = async {
            credential
                .token(TokenRequest::new(scope, &**transport))
                .await
        };
        cache.token(renew).await
    }
}

/// Puts a request together.
fn request(
    method: Method,
    address: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Request<Bytes>, Error> {
    // The front ends of Graph ask for a length even where there is nothing: 411.
    let says_zero = body.is_empty() && method != Method::GET && method != Method::DELETE;
    let mut request = Request::new(body);
    *request.uri_mut() = address.parse().map_err(|source: InvalidUri| {
        Error::request("the address cannot be sent").with_source(source)
    })?;
    *request.method_mut() = method;
    *request.headers_mut() = headers;
    if says_zero {
        request
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(request)
}

/// The answer, if its status is 2xx, else its error.
async fn success(response: Response<Body>) -> Result<Response<Body>, Error> {
    if response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    Err(match body.read(MAX_ERROR).await {
        Ok(body) => Error::api(parts.status, &parts.headers, &body),
        // The status says more than why its explanation could not be read.
        Err(error) => Error::api(parts.status, &parts.headers, &[]).with_source(error),
    })
}

/// Whether a status says that the answer is elsewhere; 304 does not.
pub(crate) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn location_of(response: &Response<Body>) -> Result<String, Error> {
    let location = response
        .headers()
        .get(LOCATION)
        .and_then(|location| location.to_str().ok());
    location.map(str::to_owned).ok_or_else(|| {
        Error::answer("a redirect of the answer leads nowhere").with_ids(response.headers())
    })
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("root", &self.inner.root)
            .finish_non_exhaustive()
    }
}

/// Sets up a [`Client`].
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    credential: Box<dyn Credential>,
    root: String,
    transport: Option<Box<dyn Transport>>,
}

impl ClientBuilder {
    /// The address of Graph, before the version: `https://graph.microsoft.com` unless it is set. The
    /// token goes to this host and nowhere else, and is asked for with its `/.default` scope.
    pub fn root(mut self, address: impl Into<String>) -> Self {
        self.root = address.into();
        self
    }

    /// What carries the requests, to Graph and to the identity platform: an [`HttpTransport`] unless it
    /// is set.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when the root is no https address (or http
    /// on loopback), or when there is no TLS to be had.
    pub fn build(self) -> Result<Client, Error> {
        let root = host::trusted(&self.root)?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => Box::new(HttpTransport::new()?),
        };
        Ok(Client {
            inner: Arc::new(Inner {
                scope: format!("{}/.default", root.origin().ascii_serialization()),
                origin: root.origin(),
                root: host::without_slash(&root),
                credential: self.credential,
                cache: Cache::default(),
                transport,
            }),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the root, which has not been looked at and may hold a password.
        formatter
            .debug_struct("ClientBuilder")
            .finish_non_exhaustive()
    }
}

/// A fresh id, under which Graph logs the request.
fn client_request_id() -> HeaderValue {
    let mut buffer = Uuid::encode_buffer();
    let id = Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(id).expect("a UUID is written in ASCII")
}

fn unanswered(source: TransportError, id: &HeaderValue) -> Error {
    let headers = HeaderMap::from_iter([(CLIENT_REQUEST_ID, id.clone())]);
    Error::transport("no answer came back")
        .with_source(source)
        .with_ids(&headers)
}

/// What to tell a caller whose kind is not supported: whose is.
fn unsupported(caller: Caller, permissions: &Permissions) -> String {
    let supported: Vec<String> = [Caller::Delegated, Caller::Personal, Caller::Application]
        .into_iter()
        .filter(|other| !permissions.of(*other).is_empty())
        .map(|other| format!("{other} with {}", permissions.of(other).join(" or ")))
        .collect();
    format!(
        "the action does not support {caller}, but {}",
        supported.join(", and ")
    )
}
