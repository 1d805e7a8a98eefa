//! `Client`: from a rendered call to the answer of Graph.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use uuid::Uuid;

use crate::action::{Caller, Permissions};
use crate::credential::cache::Cache;
use crate::credential::{AccessToken, Credential, TokenRequest};
use crate::error::Error;
use crate::host;
use crate::request::Call;
use crate::transport::{HttpTransport, Transport, TransportError};

/// Microsoft Graph in the global cloud.
const GLOBAL: &str = "https://graph.microsoft.com";

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 << 20;

/// The longest error that is read, in bytes.
const MAX_ERROR: usize = 64 << 10;

/// Sends requests to Microsoft Graph, with the tokens of a credential.
///
/// Cheap to clone: the clones share connections and token.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    root: String,
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
    pub(crate) async fn call(&self, call: Call) -> Result<Response<Bytes>, Error> {
        self.check_caller(&call.permissions)?;
        let token = self.token().await?;
        let id = client_request_id();
        let request = self.http_request(call, &token, &id)?;
        let response = self.inner.transport.send(request).await;
        let response = response.map_err(|source| unanswered(source, &id))?;
        let (mut parts, body) = response.into_parts();
        // Graph sends it back; what stands between Graph and here may not.
        parts.headers.insert(CLIENT_REQUEST_ID, id);
        let is_success = parts.status.is_success();
        let limit = if is_success { MAX_ANSWER } else { MAX_ERROR };
        match body.read(limit).await {
            Ok(body) if is_success => Ok(Response::from_parts(parts, body)),
            Ok(body) => Err(Error::api(parts.status, &parts.headers, &body)),
            Err(error) if is_success => Err(error.with_ids(&parts.headers)),
            // The status says more than why its explanation could not be read.
            Err(error) => Err(Error::api(parts.status, &parts.headers, &[]).with_source(error)),
        }
    }

    /// Tells a caller whose kind the action does not support before anything is sent.
    fn check_caller(&self, permissions: &Permissions) -> Result<(), Error> {
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

    fn http_request(
        &self,
        call: Call,
        token: &AccessToken,
        id: &HeaderValue,
    ) -> Result<Request<Bytes>, Error> {
        let uri = format!("{}/{}{}", self.inner.root, call.version, call.path);
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(uri)
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, token.bearer())
            .header(CLIENT_REQUEST_ID, id);
        if call.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        } else if call.method != Method::GET && call.method != Method::DELETE {
            // The front ends of Graph ask for a length even where there is nothing: 411.
            request = request.header(CONTENT_LENGTH, "0");
        }
        request
            .body(call.body.unwrap_or_default())
            .map_err(|source| Error::request("the address cannot be sent").with_source(source))
    }
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
        formatter
            .debug_struct("ClientBuilder")
            .field("root", &self.root)
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
