//! `Client`: from a rendered call to the answer of Graph.

mod exchange;
mod request_id;
mod token;

use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use http::header::{LOCATION, RANGE};
use http::{HeaderMap, Method, Response, StatusCode};
use url::Url;

use self::exchange::Message;
pub(crate) use self::exchange::{Reply, Target};
pub(crate) use self::request_id::{CLIENT_REQUEST_ID, RequestId};
use crate::action::{ApiVersion, Caller, Declaration, Permissions};
use crate::cloud::{self, Cloud};
use crate::credential::tokens::{Tokens, Users};
use crate::credential::{Credential, Platform};
use crate::error::Error;
use crate::host;
use crate::request::{Call, Headers};
use crate::response::{Answer, Origin};
use crate::retry::Retry;
use crate::trace::Span;
#[cfg(feature = "reqwest")]
use crate::transport::HttpTransport;
use crate::transport::{Body, BoxFuture, Carrier, Transport};

/// The longest answer that is read, the longest error, and the longest answer with a token, in bytes, unless it
/// is said.
const MAX_ANSWER: usize = 64 << 20;
const MAX_ERROR: usize = 64 << 10;
const MAX_TOKEN: usize = 1 << 20;

/// How long a call may take, unless it is said.
const TIMEOUT: Duration = Duration::from_secs(100);

/// How many redirects of a download are followed.
const MAX_REDIRECTS: u32 = 5;

/// Sends requests to Microsoft Graph, with the tokens of a credential.
///
/// Cheap to clone: the clones share connections and tokens.
#[derive(Clone)]
pub struct Client {
    settings: Arc<Settings>,
    signed_in: Arc<SignedIn>,
}

/// What is the same for every user.
struct Settings {
    /// The address of Graph, and what stands in its path.
    base: Url,
    prefix: String,
    /// An address of Graph that is longer than most: what takes its place in a clone of it finds the room that it needs.
    long: Url,
    origin: url::Origin,
    /// Where Graph is, and what its tokens are for.
    graphs: Vec<Url>,
    /// What a token is asked for with, unless the permissions of the call say it.
    scopes: Vec<String>,
    /// What stands before a permission to make it a scope, where the scopes are not fixed.
    resource: Option<String>,
    platform: Platform,
    users: Users,
    retry: Retry,
    timeout: Duration,
    max_answer: usize,
    max_error: usize,
}

/// Who calls.
struct SignedIn {
    credential: Box<dyn Credential>,
    tokens: Arc<Tokens>,
}

impl Client {
    /// A client of Graph in the global cloud.
    ///
    /// # Errors
    ///
    /// Those of [`ClientBuilder::build`].
    #[cfg(feature = "reqwest")]
    pub fn new(credential: impl Credential) -> Result<Self, Error> {
        Self::builder(credential).build()
    }

    /// Begins a client that is set up otherwise.
    pub fn builder(credential: impl Credential) -> ClientBuilder {
        ClientBuilder {
            credential: Box::new(credential),
            cloud: None,
            root: None,
            scope: None,
            transport: None,
            retry: Retry::default(),
            timeout: TIMEOUT,
            max_answer: MAX_ANSWER,
            max_error: MAX_ERROR,
            max_token: MAX_TOKEN,
        }
    }

    /// The same client with another credential: it shares the connections. A web API makes one for each call
    /// that it answers, on behalf of who called it; what the same token of a caller was exchanged for is shared too.
    ///
    /// ```
    /// use graph_action::credential::{ClientSecret, OnBehalfOf};
    /// use graph_action::{Client, Error};
    ///
    /// # fn example(graph: &Client, app: &ClientSecret, bearer: &str) -> Result<(), Error> {
    /// let graph = graph.with_credential(OnBehalfOf::new(app, bearer)?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when the credential is of another cloud.
    pub fn with_credential(&self, credential: impl Credential) -> Result<Self, Error> {
        let settings = Arc::clone(&self.settings);
        Self::signed_in(settings, Box::new(credential))
    }

    fn signed_in(settings: Arc<Settings>, credential: Box<dyn Credential>) -> Result<Self, Error> {
        for authority in credential.authorities() {
            let authority = host::trusted(authority)?;
            for graph in &settings.graphs {
                cloud::belong_together(graph, &authority)?;
            }
        }
        let tokens = settings.users.tokens(credential.identity());
        Ok(Self {
            settings,
            signed_in: Arc::new(SignedIn { credential, tokens }),
        })
    }

    /// Sends a call, and gives the answer if its status is 2xx.
    pub(crate) fn call(&self, call: Result<Call, Error>) -> BoxFuture<'_, Result<Answer, Error>> {
        let call = call.and_then(|call| self.check_caller(&call).map(|()| call));
        let call = match call {
            Ok(call) => call,
            Err(error) => return Box::pin(ready(Err(error))),
        };
        let origin = self.origin(&call);
        let method = call.declaration.method.clone();
        let message = Message {
            body: call.body.unwrap_or_default(),
            is_idempotent: call.declaration.is_idempotent,
            follows: call.is_download,
            is_streamed: call.is_download,
            ..Message::new(method, Target::Graph(call.path), call.headers)
        };
        // What is made before it, the future holds once.
        Box::pin(async move {
            let span = Span::new(&message.method, &origin);
            let mut reply = self
                .send(&message, &origin, origin.deadline(), &span)
                .await?;
            if message.follows {
                let download = Box::pin(self.download(reply, &message, &origin, &span)).await;
                reply = download.map_err(|error| origin.during(&message.method, error))?;
            }
            Ok(Answer::new(reply, message.method, message.target, origin))
        })
    }

    /// Follows the redirects of a download to pre-authenticated addresses, without the token. What is no
    /// redirect is the download itself.
    async fn download(
        &self,
        mut reply: Reply,
        message: &Message,
        origin: &Origin,
        span: &Span,
    ) -> Result<Reply, Error> {
        let range = message.headers.get(RANGE).cloned();
        let own: HeaderMap = range.map(|range| (RANGE, range)).into_iter().collect();
        let mut address = String::from(self.url(&message.target));
        for hops in 0.. {
            if !is_redirect(reply.response.status()) {
                break;
            }
            let next = match hops {
                MAX_REDIRECTS => Err(Error::answer("the content is behind too many redirects")),
                _ => location_of(&reply.response, &address),
            };
            let hop = next.and_then(|next| {
                address = next;
                elsewhere(&address, Headers::of(own.clone()))
            });
            let hop = hop.map_err(|error| reply.fail(error))?;
            let next = self.send(&hop, origin, reply.deadline, span).await?;
            reply = Reply {
                attempts: reply.attempts + next.attempts,
                waited: reply.waited + next.waited,
                ..next
            };
        }
        Ok(reply)
    }

    /// What the calls repeat that follow from this one.
    pub(crate) fn origin(&self, call: &Call) -> Origin {
        Origin {
            client: self.clone(),
            declaration: call.declaration,
            version: call.version,
            headers: call.headers.repeated(),
            timeout: call.timeout.unwrap_or(self.settings.timeout),
            retry: call.retry.unwrap_or(self.settings.retry),
        }
    }

    /// What the calls repeat that no other call precedes.
    pub(crate) fn bare_origin(&self) -> Origin {
        Origin {
            client: self.clone(),
            declaration: Declaration::UNKNOWN,
            version: Declaration::UNKNOWN.version,
            headers: Headers {
                accepts_json: true,
                ..Headers::default()
            },
            timeout: self.settings.timeout,
            retry: self.settings.retry,
        }
    }

    /// Follows a link with the headers of a call.
    pub(crate) fn follow_for<'a>(
        &'a self,
        call: Result<Call, Error>,
        link: &'a str,
    ) -> BoxFuture<'a, Result<Answer, Error>> {
        Box::pin(async move {
            let call = call?;
            self.check_caller(&call)?;
            self.follow(link, self.origin(&call)).await
        })
    }

    /// Follows a link of an answer to more of the same, on Graph itself only.
    pub(crate) async fn follow(&self, link: &str, origin: Origin) -> Result<Answer, Error> {
        let Some(url) = self.own(link) else {
            let error =
                Error::answer("a link of the answer leads to another host than the client's");
            return Err(origin.during(&Method::GET, error));
        };
        let span = Span::new(&Method::GET, &origin);
        let message = Message::new(Method::GET, Target::Url(url), origin.headers.clone());
        let reply = self
            .send(&message, &origin, origin.deadline(), &span)
            .await?;
        Ok(Answer::new(reply, message.method, message.target, origin))
    }

    /// Looks at an operation: at Graph with the token, elsewhere without. A redirect is an answer too.
    pub(crate) async fn watch(&self, address: &str, origin: Origin) -> Result<Answer, Error> {
        let span = Span::new(&Method::GET, &origin);
        let mut message = match self.own(address) {
            Some(url) => Message::new(Method::GET, Target::Url(url), origin.headers.clone()),
            None => elsewhere(address, Headers::default())?,
        };
        message.follows = true;
        message.is_streamed = false;
        let reply = self
            .send(&message, &origin, origin.deadline(), &span)
            .await?;
        Ok(Answer::new(reply, message.method, message.target, origin))
    }

    /// The host of Graph.
    #[cfg(feature = "tracing")]
    pub(crate) fn host(&self) -> Option<&url::Host> {
        match &self.settings.origin {
            url::Origin::Tuple(_, host, _) => Some(host),
            url::Origin::Opaque(_) => None,
        }
    }

    /// The whole address of a `Location`, which an answer of `from` gives. Graph leaves out its host, and
    /// some of its services the version too.
    pub(crate) fn resolve(
        &self,
        location: &str,
        from: &Target,
        version: ApiVersion,
    ) -> Option<String> {
        let from = self.url(from);
        let is_from_version = ["v1.0", "beta"]
            .iter()
            .any(|version| location.trim_start_matches('/').split('/').next() == Some(version));
        match location.strip_prefix('/') {
            Some(path) if from.origin() == self.settings.origin && !path.starts_with('/') => {
                let root = host::without_slash(&self.settings.base);
                Some(if is_from_version {
                    format!("{root}/{path}")
                } else {
                    format!("{root}/{version}/{path}")
                })
            }
            _ => Some(from.join(location).ok()?.into()),
        }
    }

    /// The address, if it is on the client's own host, where the token may go.
    fn own(&self, address: &str) -> Option<Url> {
        let url = host::secure(address).ok()?;
        (url.origin() == self.settings.origin).then_some(url)
    }

    /// The address of a target; the host of Graph need not be parsed again.
    fn url(&self, target: &Target) -> Url {
        let path = match target {
            Target::Url(url) => return url.clone(),
            Target::Graph(path) => path,
        };
        let Settings { long, prefix, .. } = &*self.settings;
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&**path, None),
        };
        let mut url = long.clone();
        match prefix.is_empty() {
            true => url.set_path(path),
            false => url.set_path(&[prefix, path].concat()),
        }
        url.set_query(query);
        url
    }

    /// Tells a caller whose kind the action does not support before anything is sent.
    fn check_caller(&self, call: &Call) -> Result<(), Error> {
        let permissions = &call.declaration.permissions;
        match self.signed_in.credential.caller() {
            Some(caller) if permissions.of(caller).is_empty() => {
                let error = Error::caller(unsupported(caller, permissions));
                Err(error.of(call.declaration, call.version))
            }
            _ => Ok(()),
        }
    }
}

/// An address on the same host as another, with a path that is longer than most: those of the reference with an id in
/// each place seldom have 128 characters.
fn long(base: &Url) -> Url {
    let mut long = base.clone();
    long.set_path(&"-".repeat(128));
    long
}

/// What is asked of an address that an answer gives, without the token.
fn elsewhere(address: &str, headers: Headers) -> Result<Message, Error> {
    let url = host::secure(address)
        .map_err(|why| Error::answer(format!("an address of the answer cannot be used: {why}")))?;
    Ok(Message {
        has_token: false,
        follows: true,
        is_streamed: true,
        ..Message::new(Method::GET, Target::Url(url), headers)
    })
}

/// Whether a status says that the answer is elsewhere; 304 does not.
pub(crate) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The whole address that a redirect of `from` leads to.
fn location_of(response: &Response<Body>, from: &str) -> Result<String, Error> {
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|location| location.to_str().ok());
    let joined = location.and_then(|location| Url::parse(from).ok()?.join(location).ok());
    joined
        .map(String::from)
        .ok_or_else(|| Error::answer("a redirect of the answer leads nowhere"))
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("root", &host::without_slash(&self.settings.base))
            .finish_non_exhaustive()
    }
}

/// Sets up a [`Client`].
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    credential: Box<dyn Credential>,
    cloud: Option<Cloud>,
    root: Option<String>,
    scope: Option<String>,
    transport: Option<Arc<dyn Transport>>,
    retry: Retry,
    timeout: Duration,
    max_answer: usize,
    max_error: usize,
    max_token: usize,
}

impl ClientBuilder {
    /// The cloud: [`Cloud::GLOBAL`] unless it is set. The token goes to its Graph and nowhere else, and is
    /// asked for at its identity platform, unless the credential names another.
    pub fn cloud(mut self, cloud: Cloud) -> Self {
        self.cloud = Some(cloud);
        self
    }

    /// The address of Graph, before the version, where it is not that of the [cloud](Self::cloud): a gateway, or
    /// a server in a test. The address of a known cloud is taken for that cloud. Unless the cloud is said too, a
    /// token is asked for with its `/.default` scope; [`scope`](Self::scope) says another.
    pub fn root(mut self, address: impl Into<String>) -> Self {
        self.root = Some(address.into());
        self
    }

    /// The scope that a token is asked for with, where the root is a gateway before Graph and not Graph itself:
    /// `https://graph.microsoft.com/.default`. Of one that ends so, the rest stands before the permissions that a
    /// user is asked for; any other is asked for as it is.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// What carries the requests, to Graph and to the identity platform: an `HttpTransport` unless it is
    /// set.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// How often and how soon a call is sent again, unless it [says so itself](crate::Request::retry).
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// How long a call may take with all its attempts, 100 s unless it is said here or
    /// [by the call](crate::Request::timeout). A sign-in that a person may take part in is not counted: it has its own
    /// time.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The longest answer that is read into memory, in bytes after decompression: 64 MiB unless it is said.
    /// [`Content`](crate::Content) is not read into memory, and has no limit.
    pub fn max_answer(mut self, bytes: usize) -> Self {
        self.max_answer = bytes;
        self
    }

    /// The longest error that is read, in bytes after decompression: 64 KiB unless it is said. Of a longer one
    /// the status is left, and the ids in the headers.
    pub fn max_error(mut self, bytes: usize) -> Self {
        self.max_error = bytes;
        self
    }

    /// The longest answer with a token that is read, in bytes after decompression: 1 MiB unless it is said.
    pub fn max_token(mut self, bytes: usize) -> Self {
        self.max_token = bytes;
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when the root is no https address (or http
    /// on loopback), when root, scope and the identity platform of the credential are of two clouds, or when
    /// there is no TLS to be had.
    pub fn build(self) -> Result<Client, Error> {
        let said = self
            .scope
            .as_deref()
            .and_then(|scope| Url::parse(scope).ok());
        let (root, cloud) = match (self.root, self.cloud) {
            (None, cloud) => {
                let cloud = cloud.unwrap_or(Cloud::GLOBAL);
                (host::trusted(cloud.graph())?, cloud)
            }
            (Some(root), Some(cloud)) => (host::trusted(&root)?, cloud),
            (Some(root), None) => {
                let root = host::trusted(&root)?;
                let cloud = Cloud::of_root(&root, said.as_ref());
                (root, cloud)
            }
        };
        let scope = self.scope.unwrap_or_else(|| cloud.default_scope());
        let behind = host::trusted(cloud.graph())?;
        let authority = host::trusted(cloud.authority())?;
        let graphs: Vec<Url> = [root.clone(), behind.clone()]
            .into_iter()
            .chain(said)
            .collect();
        for graph in &graphs {
            cloud::is_one(graph, &root)?;
            cloud::is_one(graph, &behind)?;
            cloud::belong_together(graph, &authority)?;
        }
        let transport = match self.transport {
            Some(transport) => Carrier::Other(transport),
            None => default_transport()?,
        };
        let settings = Settings {
            prefix: root.path().trim_end_matches('/').to_owned(),
            origin: root.origin(),
            long: long(&root),
            base: root,
            graphs,
            resource: scope.strip_suffix(".default").map(str::to_owned),
            scopes: vec![scope],
            platform: Platform {
                authority: cloud.authority().to_owned(),
                transport,
                retry: self.retry,
                max_token: self.max_token,
            },
            users: Users::default(),
            retry: self.retry,
            timeout: self.timeout,
            max_answer: self.max_answer,
            max_error: self.max_error,
        };
        Client::signed_in(Arc::new(settings), self.credential)
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

#[cfg(feature = "reqwest")]
fn default_transport() -> Result<Carrier, Error> {
    Ok(Carrier::Http(HttpTransport::new()?))
}

#[cfg(not(feature = "reqwest"))]
fn default_transport() -> Result<Carrier, Error> {
    Err(Error::config(
        "without the feature `reqwest` a client has to be given its transport",
    ))
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
