//! `FromResponse`: how an answer is read.

use std::any::TypeId;
use std::fmt;
use std::io::Read as _;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};
use tokio::time::Instant;

use crate::action::{ApiVersion, Declaration};
use crate::client::{Client, Reply, Target};
use crate::error::{Error, Unreadable, display};
use crate::request::Headers;
use crate::retry::Retry;
use crate::transport::{Body, BoxFuture};

/// A type that `returns` can name.
///
/// | type | the answer is |
/// | --- | --- |
/// | `()` | whatever it is: nothing is asked of it |
/// | any that is [`Deserialize`](serde::Deserialize) and owns what it holds | JSON; for an `Option` it can be empty |
/// | [`Value<T>`] | a primitive or a list of them, wrapped in `value` |
/// | [`Collection<T>`](crate::Collection) | the first page of a list |
/// | [`Operation<T>`](crate::Operation) | a 202 that says where to watch the operation |
/// | [`Content`](crate::Content) | bytes |
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from an answer",
    label = "not a type that `returns` can name",
    note = "derive `serde::Deserialize` for it; of a `Collection` or an `Operation`, for what it holds"
)]
pub trait FromResponse: Sized {
    /// Whether the answer is bytes, which Graph may leave to another address: then a redirect is
    /// followed, without the token.
    #[doc(hidden)]
    const IS_DOWNLOAD: bool = false;

    /// Reads an answer of a 2xx status, whose body has come, but for that of [`Content`](crate::Content).
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Answer`](crate::ErrorKind::Answer), when the answer does not fit the type.
    fn from_response(answer: Answer) -> Result<Self, Error>;
}

/// Reads what a call is answered with.
pub(crate) async fn read<T: FromResponse>(
    answered: BoxFuture<'_, Result<Answer, Error>>,
) -> Result<T, Error> {
    let answer = answered.await?;
    let during = answer.during();
    T::from_response(answer).map_err(during)
}

/// The same, with what is known of the answer besides its content.
pub(crate) async fn read_detailed<T: FromResponse>(
    answered: BoxFuture<'_, Result<Answer, Error>>,
) -> Result<Detailed<T>, Error> {
    let answer = answered.await?;
    let (during, details) = (answer.during(), answer.details());
    let value = T::from_response(answer).map_err(during)?;
    Ok(details.of(value))
}

/// An answer of Graph.
pub struct Answer {
    reply: Reply,
    method: Method,
    /// The address that gave it.
    pub(crate) target: Target,
    pub(crate) origin: Origin,
}

/// Where an answer came from, for the calls that follow from it.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) client: Client,
    pub(crate) declaration: &'static Declaration,
    pub(crate) version: ApiVersion,
    /// The headers of the request that a request which follows from it repeats.
    pub(crate) headers: Headers,
    /// How long each of them may take.
    pub(crate) timeout: Duration,
    pub(crate) retry: Retry,
}

/// When what begins now has to end.
pub(crate) fn deadline(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout).unwrap_or_else(|| now + LONG)
}

impl Origin {
    /// When a call that begins now has to end.
    pub(crate) fn deadline(&self) -> Instant {
        deadline(self.timeout)
    }

    /// Says in which call an error happened: this one, or a `GET` that follows from it.
    pub(crate) fn during(&self, method: &Method, error: Error) -> Error {
        error.during(method.clone(), self.declaration.path, self.version)
    }

    /// Follows a link of an answer to more of the same.
    pub(crate) fn follow<'a>(&'a self, link: &'a str) -> BoxFuture<'a, Result<Answer, Error>> {
        Box::pin(self.client.follow(link, self.clone()))
    }
}

/// What is as good as for ever.
const LONG: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Answer {
    pub(crate) fn new(reply: Reply, method: Method, target: Target, origin: Origin) -> Self {
        Self {
            reply,
            method,
            target,
            origin,
        }
    }

    /// The status, 2xx.
    pub fn status(&self) -> StatusCode {
        self.reply.response.status()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.reply.response.headers()
    }

    /// The id that this crate gave the request. Graph sends it back, among the headers.
    pub fn client_request_id(&self) -> &str {
        self.reply.id.as_str()
    }

    /// How often the call was sent.
    pub fn attempts(&self) -> u32 {
        self.reply.attempts
    }

    /// How long the call waited between its attempts.
    pub fn waited(&self) -> Duration {
        self.reply.waited
    }

    pub(crate) fn details(&self) -> Detailed<()> {
        self.reply.details()
    }

    /// What says in which call an error happened.
    fn during(&self) -> impl FnOnce(Error) -> Error + use<> {
        let (path, version) = (self.origin.declaration.path, self.origin.version);
        let method = self.method.clone();
        move |error| error.during(method, path, version)
    }

    /// The body.
    pub fn into_body(self) -> Body {
        self.reply.response.into_body()
    }

    /// The body, which has come as a whole; nothing, of an answer that is [`Content`](crate::Content).
    pub fn bytes(&self) -> Bytes {
        self.reply.response.body().whole().clone()
    }

    /// Reads the body as JSON.
    pub(crate) fn json<T: DeserializeOwned + 'static>(&self) -> Result<T, Error> {
        let body = self.reply.response.body().whole();
        decode(body, self.headers()).map_err(|error| self.reply.fail(error))
    }
}

/// What an answer says besides its content, and how it came.
#[derive(Clone)]
#[non_exhaustive]
pub struct Detailed<T> {
    /// The answer.
    pub value: T,
    /// Its status, 2xx.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// How often the call was sent.
    pub attempts: u32,
    /// How long the call waited between its attempts.
    pub waited: Duration,
}

impl<T> Detailed<T> {
    /// The id that Graph gave the request, which its support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.headers.get("request-id")?.to_str().ok()
    }

    /// The id that this crate gave the request, and Graph logged with it.
    pub fn client_request_id(&self) -> Option<&str> {
        self.headers.get("client-request-id")?.to_str().ok()
    }

    /// Says of which answer an error is.
    pub(crate) fn fail(&self, error: Error) -> Error {
        let error = error.with_answer(self.status, &self.headers);
        error.after(self.attempts, self.waited)
    }

    pub(crate) fn of<U>(self, value: U) -> Detailed<U> {
        Detailed {
            value,
            status: self.status,
            headers: self.headers,
            attempts: self.attempts,
            waited: self.waited,
        }
    }
}

// Not the headers: an address in them may be as good as a password.
impl<T: fmt::Debug> fmt::Debug for Detailed<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Detailed")
            .field("value", &self.value)
            .field("status", &self.status)
            .field("request_id", &self.request_id())
            .field("attempts", &self.attempts)
            .field("waited", &self.waited)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Answer")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned + 'static> FromResponse for T {
    fn from_response(answer: Answer) -> Result<Self, Error> {
        answer.json()
    }
}

/// A primitive, or a list of primitives, that Graph wraps in `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[non_exhaustive]
pub struct Value<T> {
    /// What is in it.
    pub value: T,
}

/// Reads JSON.
pub(crate) fn decode<T: DeserializeOwned + 'static>(
    body: &[u8],
    headers: &HeaderMap,
) -> Result<T, Error> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    let body = body
        .strip_prefix(BYTE_ORDER_MARK)
        .unwrap_or(body)
        .trim_ascii();
    // `()` is `null` to serde, and Graph may answer anything where nothing is documented.
    let takes_nothing = TypeId::of::<T>() == TypeId::of::<()>();
    if takes_nothing || body.is_empty() || body == b"null" {
        return serde_json::from_slice(b"null").map_err(|_| {
            Error::answer(
                "the answer is empty, and the declaration's `returns` names a type with content",
            )
            .with_unreadable(Unreadable::Empty)
        });
    }
    serde_json::from_slice(body).map_err(|error| misfit(&place(body, &error), &error, headers))
}

/// Where in JSON an error is. To know the way to each place costs as much as to read it, and would be compiled for each
/// type: it is looked for where something is wrong, in what was read until then.
fn place(body: &[u8], error: &serde_json::Error) -> String {
    let lines = body.split_inclusive(|byte| *byte == b'\n');
    // What the type itself finds wrong with the whole has line 0.
    let lines = lines.take(error.line().saturating_sub(1));
    let before: usize = lines.map(<[u8]>::len).sum();
    let read = &body[..body.len().min(before + error.column())];
    // A value that was read to its end and does not fit must not be whole here.
    let (read, rest): (&[u8], &[u8]) = match read.split_last().filter(|_| error.is_data()) {
        Some((b'0'..=b'9', _)) => (read, b"e"),
        Some((b'"' | b'}' | b']' | b'a'..=b'z', before)) => (before, b""),
        _ => (read, b""),
    };
    let mut json = serde_json::Deserializer::from_reader(read.chain(rest));
    match serde_path_to_error::deserialize::<_, Passed>(&mut json) {
        Err(error) => display_place(error.path()),
        // What is read is followed by something else.
        Ok(_) => ".".to_owned(),
    }
}

/// JSON of which nothing is kept, but each value of which is visited; serde's `IgnoredAny` is passed in one go.
struct Passed;

impl<'de> Deserialize<'de> for Passed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Passed {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut properties: A) -> Result<Self, A::Error> {
        while properties.next_entry::<String, Self>()?.is_some() {}
        Ok(self)
    }
}

/// A way in JSON. A key that is no name may be anything, and is not repeated.
fn display_place(path: &Path) -> String {
    let mut place = String::new();
    let mut segments: Vec<&Segment> = path.iter().collect();
    // Of a key that is yet to come nothing can be said.
    segments.pop_if(|last| matches!(last, Segment::Unknown));
    for segment in segments {
        let name = match segment {
            Segment::Seq { index } => {
                place.push_str(&format!("[{index}]"));
                continue;
            }
            Segment::Map { key } => key,
            Segment::Enum { variant } => variant,
            Segment::Unknown => "?",
        };
        let is_name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '@' | '.');
        let name = Some(name).filter(|name| name.len() <= 64 && name.chars().all(is_name));
        if !place.is_empty() {
            place.push('.');
        }
        place.push_str(name.unwrap_or("?"));
    }
    if place.is_empty() {
        ".".to_owned()
    } else {
        place
    }
}

/// The error for JSON of another shape than the type, with the path of the place. It holds nothing of the
/// parser's own words, which quote the answer.
fn misfit(path: &str, error: &serde_json::Error, headers: &HeaderMap) -> Error {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next());
    let (unreadable, what) = match error.classify() {
        Category::Data => (
            Unreadable::Shape,
            "it does not fit the type that `returns` names",
        ),
        Category::Eof | Category::Syntax | Category::Io => match media_type {
            Some(media_type) if !media_type.to_ascii_lowercase().contains("json") => {
                let media_type = display::word(media_type);
                let what = format!("the answer cannot be read: it is `{media_type}`, not JSON");
                return Error::answer(what).with_unreadable(Unreadable::ContentType);
            }
            _ if error.is_eof() => (Unreadable::Json, "it ends too early"),
            _ => (Unreadable::Json, "it is no JSON"),
        },
    };
    Error::answer(format!(
        "the answer cannot be read: {what}, at `{path}` (line {}, column {})",
        error.line(),
        error.column()
    ))
    .with_unreadable(unreadable)
}
