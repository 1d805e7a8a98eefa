//! `FromResponse`: how an answer is read.

use std::any::TypeId;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::action::ApiVersion;
use crate::client::Client;
use crate::error::Error;
use crate::transport::Body;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 << 20;

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

    /// Reads an answer of a 2xx status.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Answer`](crate::ErrorKind::Answer), when the answer does not fit the type, and
    /// with [`ErrorKind::Transport`](crate::ErrorKind::Transport), when it is cut off.
    fn from_response(answer: Answer) -> impl Future<Output = Result<Self, Error>> + Send;
}

/// An answer of Graph, before its body is read.
pub struct Answer {
    response: Response<Body>,
    /// The address that gave it.
    pub(crate) address: String,
    pub(crate) origin: Origin,
}

/// Where an answer came from, for the calls that follow from it.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) client: Client,
    pub(crate) version: ApiVersion,
    /// The headers of the request that a request which follows from it repeats.
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Duration,
}

impl Origin {
    pub(crate) fn new(
        client: &Client,
        version: ApiVersion,
        headers: &HeaderMap,
        timeout: Duration,
    ) -> Self {
        // What is said of a body or of one resource is not said of another.
        let is_repeated = |name: &HeaderName| {
            let name = name.as_str();
            !name.starts_with("content-") && !name.starts_with("if-") && name != "range"
        };
        let headers = headers.iter().filter(|(name, _)| is_repeated(name));
        Self {
            client: client.clone(),
            version,
            headers: headers
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            timeout,
        }
    }

    /// Follows a link of an answer to more of the same.
    pub(crate) async fn follow<T, F>(
        &self,
        link: &str,
        read: impl FnOnce(Answer) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        within(self.timeout, async {
            read(self.client.follow(link, self.clone()).await?).await
        })
        .await
    }
}

/// Ends a call when its time is up.
pub(crate) async fn within<T>(
    timeout: Duration,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout(timeout, call).await {
        Ok(result) => result,
        Err(_) => Err(Error::transport("the time for the call is up")),
    }
}

impl Answer {
    pub(crate) fn new(response: Response<Body>, address: String, origin: Origin) -> Self {
        Self {
            response,
            address,
            origin,
        }
    }

    /// The status, 2xx.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The body, as it arrives.
    pub fn into_body(self) -> Body {
        self.response.into_body()
    }

    /// Reads the whole body, up to 64 MiB.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Transport`](crate::ErrorKind::Transport), when it is cut off, and with
    /// [`ErrorKind::Answer`](crate::ErrorKind::Answer), when it is too long.
    pub async fn bytes(self) -> Result<Bytes, Error> {
        let (parts, body) = self.response.into_parts();
        let bytes = body.read(MAX_ANSWER).await;
        bytes.map_err(|error| error.with_ids(&parts.headers))
    }

    /// Reads the body as JSON, with all that it is and where it came from.
    pub(crate) async fn json<T: DeserializeOwned + 'static>(
        self,
    ) -> Result<(T, HeaderMap, Origin), Error> {
        let headers = self.response.headers().clone();
        let origin = self.origin.clone();
        let body = self.bytes().await?;
        let value = decode(&body).map_err(|error| error.with_ids(&headers))?;
        Ok((value, headers, origin))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Answer")
            .field("status", &self.response.status())
            .finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned + 'static> FromResponse for T {
    async fn from_response(answer: Answer) -> Result<Self, Error> {
        answer.json().await.map(|(value, ..)| value)
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
pub(crate) fn decode<T: DeserializeOwned + 'static>(body: &[u8]) -> Result<T, Error> {
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
        });
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| misfit(&error.path().to_string(), error.inner()))?;
    json.end().map_err(|error| misfit(".", &error))?;
    Ok(value)
}

/// The error for JSON of another shape than the type, with the path of the place. It holds nothing of the
/// parser's own words, which quote the answer.
fn misfit(path: &str, error: &serde_json::Error) -> Error {
    let what = match error.classify() {
        Category::Data => "it does not fit the type that `returns` names",
        Category::Eof => "it ends too early",
        Category::Syntax | Category::Io => "it is no JSON",
    };
    Error::answer(format!(
        "the answer cannot be read: {what}, at `{path}` (line {}, column {})",
        error.line(),
        error.column()
    ))
}
