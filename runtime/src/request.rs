//! `Request`: one call, ready to send.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use crate::action::{Action, ApiVersion, Declaration};
use crate::client::Client;
use crate::error::Error;
use crate::path::{Part, QueryValue, append_query, plain, render};
use crate::response::{self, Detailed, FromResponse};
use crate::retry::Retry;

/// One call of the action `A`, ready to [`send`](Self::send): what the generated method `request`
/// returns.
///
/// It owns all that goes out. Path, headers and body are rendered at once, and an error in them is
/// kept until the request is sent.
///
/// What varies by call and not by action is said here:
///
/// ```
/// use graph_action::graph_action;
///
/// #[graph_action(get = "/users", scope = "User.Read.All")]
/// struct ListUsers;
///
/// let request = ListUsers
///     .request()
///     .filter("startswith(displayName,'A')")
///     .select(["id", "displayName"])
///     .top(5)
///     .count()
///     .consistency_level("eventual");
/// assert_eq!(
///     request.path().unwrap(),
///     "/users?$filter=startswith(displayName,'A')&$select=id,displayName&$top=5&$count=true"
/// );
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct Request<A> {
    call: Result<Call, Error>,
    action: PhantomData<fn() -> A>,
}

/// What goes out, whatever the action.
pub(crate) struct Call {
    pub(crate) declaration: &'static Declaration,
    /// That of the declaration, unless the call says another.
    pub(crate) version: ApiVersion,
    /// Version, path and query.
    pub(crate) path: String,
    pub(crate) headers: Headers,
    pub(crate) body: Option<Bytes>,
    /// What the client says, unless the call says it.
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<Retry>,
    /// Whether the answer is bytes, which may wait behind a redirect.
    pub(crate) is_download: bool,
}

impl<A: Action> Request<A> {
    /// Sends the request, and reads the answer. It needs a tokio runtime with time and, for the transport
    /// that a client has by default, I/O.
    ///
    /// # Errors
    ///
    /// Every way in which a call can fail; [`Error::kind`] tells them apart. Those of
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) and
    /// [`ErrorKind::Caller`](crate::ErrorKind::Caller) are found before anything is sent.
    pub fn send(self, client: &Client) -> impl Future<Output = Result<A::Response, Error>> + Send {
        // What is generic is as short as can be, since the compiler has it once for each action.
        response::read(client.call(self.call))
    }

    /// Sends the request, and reads the answer with what is known of it and of the way to it.
    ///
    /// ```no_run
    /// # use graph_action::{Client, Error, graph_action};
    /// # #[graph_action(post = "/teams/<id>/archive", scope = "TeamSettings.ReadWrite.All")]
    /// # struct Archive;
    /// # async fn example(graph: &Client) -> Result<(), Error> {
    /// let sent = Archive.request("team").send_detailed(graph).await?;
    /// println!("{}, sent {} times, waited {:?}", sent.status, sent.attempts, sent.waited);
    /// println!("request-id {:?}", sent.request_id());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn send_detailed(
        self,
        client: &Client,
    ) -> impl Future<Output = Result<Detailed<A::Response>, Error>> + Send {
        response::read_detailed(client.call(self.call))
    }

    /// Follows a link of an earlier answer, a next link or a delta link that was kept, with the headers of
    /// this request. What else it says, the link says itself.
    ///
    /// ```no_run
    /// # use graph_action::{Client, Collection, Error, graph_action};
    /// # use serde::Deserialize;
    /// # #[derive(Deserialize)]
    /// # struct User {}
    /// #[graph_action(get = "/users/delta", scope = "User.Read.All", returns = Collection<User>)]
    /// struct Changes;
    ///
    /// # async fn example(graph: &Client, delta_link: &str) -> Result<(), Error> {
    /// let changes = Changes.request().follow(graph, delta_link).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and of [`ErrorKind::Answer`](crate::ErrorKind::Answer), when the link
    /// leads to another host than the client's.
    pub async fn follow(self, client: &Client, link: &str) -> Result<A::Response, Error> {
        response::read(client.follow_for(self.call, link)).await
    }
}

impl<A> Request<A> {
    /// The path and query that go out, after the version.
    ///
    /// # Errors
    ///
    /// The error that [`send`](Self::send) would give: a value that cannot be sent.
    pub fn path(&self) -> Result<&str, &Error> {
        self.call
            .as_ref()
            .map(|call| &call.path[call.version_end()..])
    }

    /// The body that goes out, if there is one.
    pub fn body(&self) -> Option<&[u8]> {
        self.call.as_ref().ok()?.body.as_deref()
    }

    /// The headers that go out, without those that the client adds.
    pub fn headers(&self) -> Option<HeaderMap> {
        self.call.as_ref().ok().map(|call| call.headers.map(0))
    }

    /// Adds a header, or replaces one of the declaration; `None` leaves it out. Those that the client sets
    /// itself, and those that say how a body is framed, are refused when the request is sent.
    pub fn header(self, name: &str, value: impl QueryValue) -> Self {
        self.change(|call| set_header(call.headers.own_mut(), name, &value))
    }

    /// Adds a pair to the query; `None` leaves it out. An option that begins with `$` can stand there once.
    pub fn query(self, name: &str, value: impl QueryValue) -> Self {
        self.change(|call| append_query(&mut call.path, name, &value))
    }

    /// Asks for these properties only: `$select`.
    pub fn select(self, properties: impl QueryValue) -> Self {
        self.query("$select", properties)
    }

    /// Asks for related resources with the answer: `$expand`.
    pub fn expand(self, relationships: impl QueryValue) -> Self {
        self.query("$expand", relationships)
    }

    /// Asks for what fits: `$filter`, as in `startswith(displayName,'A')`.
    pub fn filter(self, condition: impl QueryValue) -> Self {
        self.query("$filter", condition)
    }

    /// Asks for an order: `$orderby`, as in `displayName desc`.
    pub fn order_by(self, properties: impl QueryValue) -> Self {
        self.query("$orderby", properties)
    }

    /// Asks for what is found: `$search`, as in `"displayName:Adele"` with its quotes.
    pub fn search(self, words: impl QueryValue) -> Self {
        self.query("$search", words)
    }

    /// Asks for at most so many items in a page: `$top`.
    pub fn top(self, count: u32) -> Self {
        self.query("$top", count)
    }

    /// Leaves out the first items: `$skip`.
    pub fn skip(self, count: u32) -> Self {
        self.query("$skip", count)
    }

    /// Asks how many items there are: `$count=true`.
    pub fn count(self) -> Self {
        self.query("$count", true)
    }

    /// Says a preference: `Prefer`, as in `outlook.timezone="UTC"`. Several are sent together.
    pub fn prefer(self, preference: &str) -> Self {
        self.change(|call| {
            let value = header_value("Prefer", preference.to_owned())?;
            call.headers.own_mut().append("prefer", value);
            Ok(())
        })
    }

    /// Says `ConsistencyLevel`, which advanced queries of the directory need: `eventual`.
    pub fn consistency_level(self, level: &str) -> Self {
        self.header("ConsistencyLevel", level)
    }

    /// Lets Graph refuse the call if the resource has changed since: `If-Match`, with its `@odata.etag`.
    pub fn if_match(self, etag: &str) -> Self {
        self.header("If-Match", etag)
    }

    /// Ends the call with an error after this time, if that is not as the
    /// [client](crate::ClientBuilder::timeout) has it. It holds for all attempts and the waits between them,
    /// and for the body of the answer, unless that is [`Content`](crate::Content). Each further page has
    /// this time again.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change(|call| {
            call.timeout = Some(timeout);
            Ok(())
        })
    }

    /// Says how often and how soon the call is sent again, if that is not as the
    /// [client](crate::ClientBuilder::retry) has it.
    pub fn retry(self, retry: Retry) -> Self {
        self.change(|call| {
            call.retry = Some(retry);
            Ok(())
        })
    }

    /// Sends it to another version of the API than the declaration says.
    pub fn api_version(self, version: ApiVersion) -> Self {
        self.change(|call| {
            let end = call.version_end();
            call.path.replace_range(1..end, version.as_str());
            call.version = version;
            Ok(())
        })
    }

    /// Changes what goes out; the first error is kept.
    fn change(mut self, change: impl FnOnce(&mut Call) -> Result<(), Error>) -> Self {
        if let Ok(call) = &mut self.call
            && let Err(error) = change(call)
        {
            self.call = Err(error.of(call.declaration, call.version));
        }
        self
    }
}

impl<A: Action> fmt::Debug for Request<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let declared = A::DECLARATION.version;
        let version = self.call.as_ref().map_or(declared, |call| call.version);
        // Neither values nor body: both may hold what has no place in a log.
        formatter
            .debug_struct("Request")
            .field("method", &A::DECLARATION.method)
            .field("version", &version)
            .field("path", &A::DECLARATION.path)
            .finish_non_exhaustive()
    }
}

/// Prepares a request of the action `A`; what the generated method calls.
pub fn request<A: Action>(parts: &[Part<'_>], payload: Payload) -> Request<A> {
    request_with_headers(parts, &[], payload)
}

/// The same of an action that has headers. Few have, and an empty list costs the compiler as much as one that is not.
pub fn request_with_headers<A: Action>(
    parts: &[Part<'_>],
    headers: &[(&'static str, &dyn QueryValue)],
    payload: Payload,
) -> Request<A> {
    let is_download = A::Response::IS_DOWNLOAD;
    Request {
        call: Call::new(A::DECLARATION, is_download, parts, headers, payload),
        action: PhantomData,
    }
}

impl Call {
    /// Where the version ends in the path.
    fn version_end(&self) -> usize {
        1 + self.version.as_str().len()
    }

    fn new(
        declaration: &'static Declaration,
        is_download: bool,
        parts: &[Part<'_>],
        headers: &[(&'static str, &dyn QueryValue)],
        payload: Payload,
    ) -> Result<Self, Error> {
        let version = declaration.version;
        let mut sent = Headers {
            accepts_json: !is_download,
            ..Headers::default()
        };
        let rendered = || {
            let path = render(version, parts)?;
            for (name, value) in headers {
                set_header(sent.own_mut(), name, *value)?;
            }
            Ok((path, payload.0?.unzip()))
        };
        let rendered = rendered().map_err(|error: Error| error.of(declaration, version));
        let (path, (content_type, body)) = rendered?;
        sent.content_type = content_type;
        Ok(Self {
            declaration,
            version,
            path,
            headers: sent,
            body,
            timeout: None,
            retry: None,
            is_download,
        })
    }
}

/// The headers of a call. Those that every call has are only put into the map that goes out.
#[derive(Clone, Default)]
pub(crate) struct Headers {
    /// Those that the declaration says, or the call. Most have none.
    pub(crate) own: Option<Box<HeaderMap>>,
    /// Whether JSON is asked for, unless another `Accept` is said.
    pub(crate) accepts_json: bool,
    pub(crate) content_type: Option<&'static str>,
}

impl Headers {
    /// Headers of its own, which replace the others.
    pub(crate) fn of(own: HeaderMap) -> Self {
        Self {
            own: Some(Box::new(own)),
            ..Self::default()
        }
    }

    fn own_mut(&mut self) -> &mut HeaderMap {
        self.own.get_or_insert_default()
    }

    /// What the call itself says under a name.
    pub(crate) fn get(&self, name: HeaderName) -> Option<&HeaderValue> {
        self.own.as_ref()?.get(name)
    }

    /// All of them, with room for as many more.
    pub(crate) fn map(&self, room: usize) -> HeaderMap {
        let own = self.own.as_ref().map_or(0, |own| own.len());
        let mut headers = HeaderMap::with_capacity(own + 2 + room);
        if self.accepts_json {
            headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        }
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(own) = &self.own {
            headers.extend((**own).clone());
        }
        headers
    }

    /// Those that a call which follows from this one repeats: what is said of a body or of one resource is not said
    /// of another.
    pub(crate) fn repeated(&self) -> Self {
        let is_repeated = |name: &HeaderName| {
            let name = name.as_str();
            !name.starts_with("content-") && !name.starts_with("if-") && name != "range"
        };
        let own = self.own.as_ref().map(|own| {
            let own = own.iter().filter(|(name, _)| is_repeated(name));
            let own = own.map(|(name, value)| (name.clone(), value.clone()));
            Box::new(own.collect())
        });
        Self {
            own,
            content_type: None,
            ..*self
        }
    }
}

/// The headers that the client sets itself, or that would say another end of the body than it has.
const OWN_HEADERS: [&str; 10] = [
    "authorization",
    "client-request-id",
    "connection",
    "content-length",
    "content-type",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn set_header(headers: &mut HeaderMap, name: &str, value: &dyn QueryValue) -> Result<(), Error> {
    let key = HeaderName::try_from(name).map_err(|source| {
        Error::request(format!("`{name}` cannot be the name of a header")).with_source(source)
    })?;
    if OWN_HEADERS.contains(&key.as_str()) {
        return Err(Error::request(format!(
            "the client sets the header `{name}` itself"
        )));
    }
    match plain(name, value)? {
        Some(value) => {
            headers.insert(key, header_value(name, value)?);
        }
        None => {
            headers.remove(key);
        }
    }
    Ok(())
}

fn header_value(name: &str, value: String) -> Result<HeaderValue, Error> {
    HeaderValue::try_from(value).map_err(|_| {
        Error::request(format!(
            "the value of the header `{name}` cannot be sent: it holds a control character"
        ))
    })
}

/// The body of a request, rendered, with its content type.
pub struct Payload(Result<Option<(&'static str, Bytes)>, Error>);

impl Payload {
    /// For an action that sends no body.
    pub fn none() -> Self {
        Self(Ok(None))
    }

    /// The parameters as JSON.
    pub fn json<T: Serialize + ?Sized>(parameters: &T) -> Self {
        // As `to_vec` does it, but that only one line of it is compiled for each action.
        let mut json = Self::buffer();
        let written = parameters.serialize(&mut serde_json::Serializer::new(&mut json));
        Self::written(json, written)
    }

    #[inline(never)]
    fn buffer() -> Vec<u8> {
        Vec::with_capacity(128)
    }

    #[inline(never)]
    fn written(json: Vec<u8>, written: serde_json::Result<()>) -> Self {
        let wrong = "the body cannot be written as JSON";
        Self(match written {
            Ok(()) => Ok(Some(("application/json", json.into()))),
            Err(source) => Err(Error::request(wrong).with_source(source)),
        })
    }

    /// A field as it is.
    pub fn content(content_type: &'static str, body: &dyn RawBody) -> Self {
        let body = Bytes::copy_from_slice(body.bytes());
        Self(Ok(Some((content_type, body))))
    }
}

/// A value that can be sent as it is: text or bytes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as it is",
    label = "neither text nor bytes",
    note = "a body with a content type is a `String`, a `Vec<u8>`, or another type that is `AsRef<[u8]>`; one that is JSON has none: `#[graph(body)]`"
)]
pub trait RawBody {
    /// Its bytes.
    fn bytes(&self) -> &[u8];
}

impl<T: AsRef<[u8]>> RawBody for T {
    fn bytes(&self) -> &[u8] {
        self.as_ref()
    }
}

/// Stands in for the body of `request` where a declaration does not compile.
pub fn stub() -> ! {
    unreachable!("a declaration that does not compile is never called")
}
