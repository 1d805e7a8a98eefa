//! `Error`: the one way out of the crate.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::action::ApiVersion;

/// An error of any kind as a source.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a call failed.
///
/// [`kind`](Self::kind) says where it ended; the other methods say what is known of it. Printed, it is
/// a sentence for a person; it never holds a token, a secret or a body.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    what: Cow<'static, str>,
    /// Method, path as declared and version: no value of the call.
    call: Option<(Method, &'static str, ApiVersion)>,
    status: Option<StatusCode>,
    code: Option<String>,
    message: Option<String>,
    inner_error: Option<InnerError>,
    request_id: Option<String>,
    client_request_id: Option<String>,
    source: Option<BoxError>,
}

/// Where a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client or the credential is set up wrongly. Nothing was sent.
    Config,
    /// A value of the request cannot be sent. Nothing was sent.
    Request,
    /// The action does not support this kind of caller. Nothing was sent.
    Caller,
    /// No token was to be had, so the call was not made.
    Auth,
    /// No whole answer came back. The call may have been carried out.
    Transport,
    /// Graph refused the call: a status other than 2xx.
    Api,
    /// Graph carried the call out, and the answer does not fit the type that it is read as.
    Answer,
    /// Graph accepted the call, and the operation that it began has failed.
    Operation,
}

/// The inner error of a Graph error: the same failure, told more exactly.
///
/// See [Microsoft Graph error responses](https://learn.microsoft.com/graph/errors).
#[derive(Debug, Clone)]
pub struct InnerError {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    inner_error: Option<Box<InnerError>>,
}

impl InnerError {
    /// The code, more exact than the one of the error that holds it.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The message, where the service adds one.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The inner error of this one.
    pub fn inner_error(&self) -> Option<&InnerError> {
        self.inner_error.as_deref()
    }

    fn read(object: &Value) -> Option<Self> {
        let inner = object
            .get("innerError")
            .or_else(|| object.get("innererror"))?;
        Some(Self {
            code: text(inner, "code"),
            message: text(inner, "message"),
            request_id: text(inner, "request-id"),
            inner_error: Self::read(inner).map(Box::new),
        })
    }
}

/// A property that is a text that says something, whatever else it may be.
fn text(object: &Value, name: &str) -> Option<String> {
    let text = object.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

impl Error {
    /// Where the call ended.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status of the answer, of Graph or, for [`ErrorKind::Auth`], of the identity platform.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The code of the error: of Graph (`ResourceNotFound`) or, for [`ErrorKind::Auth`], of the
    /// identity platform (`AADSTS7000215`).
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The message of the service, meant for developers.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The inner error of Graph's error.
    pub fn inner_error(&self) -> Option<&InnerError> {
        self.0.inner_error.as_ref()
    }

    /// The id that the service gave the request, which its support asks for (for
    /// [`ErrorKind::Auth`], the trace id).
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The id that this crate gave the request and the service logged with it (for
    /// [`ErrorKind::Auth`], the correlation id).
    pub fn client_request_id(&self) -> Option<&str> {
        self.0.client_request_id.as_deref()
    }

    fn new(kind: ErrorKind, what: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            what: what.into(),
            call: None,
            status: None,
            code: None,
            message: None,
            inner_error: None,
            request_id: None,
            client_request_id: None,
            source: None,
        }))
    }

    pub(crate) fn config(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, what)
    }

    pub(crate) fn request(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Request, what)
    }

    pub(crate) fn caller(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Caller, what)
    }

    /// An error of a [`Credential`](crate::credential::Credential) of yours: there is no token, and why.
    pub fn auth(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Auth, what)
    }

    pub(crate) fn transport(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Transport, what)
    }

    /// An error of a [`FromResponse`](crate::FromResponse) of yours: the answer is not what it should be.
    pub fn answer(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Answer, what)
    }

    /// The error that Graph answered with. A body that is none of Graph's leaves the status.
    pub(crate) fn api(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let mut error = Self::new(ErrorKind::Api, "Graph refused the call");
        error.0.status = Some(status);
        error.read(body);
        error.with_ids(headers)
    }

    /// Takes what the `error` of a body of Graph says, as far as it is one.
    fn read(&mut self, body: &[u8]) {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let Some(error) = body.get("error") else {
            return;
        };
        self.0.code = text(error, "code");
        self.0.message = text(error, "message");
        self.0.inner_error = InnerError::read(error);
        // Its place where the headers were dropped on the way.
        let inner = self.0.inner_error.as_ref();
        self.0.request_id = inner.and_then(|inner| inner.request_id.clone());
    }

    /// The error that an operation ended in.
    pub(crate) fn operation(status: &str, body: &[u8]) -> Self {
        let what = format!("the operation has ended as `{status}`");
        let mut error = Self::new(ErrorKind::Operation, what);
        error.read(body);
        error
    }

    /// The error that the token endpoint answered with.
    pub(crate) fn identity(status: StatusCode, body: &[u8]) -> Self {
        let mut error = Self::auth("the identity platform gave no token");
        error.0.status = Some(status);
        if let Ok(answer) = serde_json::from_slice::<IdentityAnswer>(body) {
            let description = answer.error_description.unwrap_or_default();
            // "AADSTS7000215: Invalid client secret provided. ... Trace ID: ...", on one line or several.
            let text = description
                .split("Trace ID: ")
                .next()
                .unwrap_or_default()
                .trim();
            let (code, message) = match text.split_once(": ") {
                Some((code, message)) if code.starts_with("AADSTS") => (code.to_owned(), message),
                _ => (answer.error, text),
            };
            error.0.code = Some(code);
            error.0.message = Some(message.to_owned()).filter(|message| !message.is_empty());
            error.0.request_id = answer.trace_id;
            error.0.client_request_id = answer.correlation_id;
        }
        error
    }

    /// Says what caused it. The cause is printed, so it must hold no secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Takes the request ids that stand in the headers of an answer.
    pub(crate) fn with_ids(mut self, headers: &HeaderMap) -> Self {
        let id = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
        self.0.request_id = id("request-id").or(self.0.request_id);
        self.0.client_request_id = id("client-request-id").or(self.0.client_request_id);
        self
    }

    /// Says in which call it happened.
    pub(crate) fn during(
        mut self,
        method: Method,
        path: &'static str,
        version: ApiVersion,
    ) -> Self {
        self.0.call = Some((method, path, version));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some((method, path, version)) = &inner.call {
            write!(formatter, "{method} {path} ({version}): ")?;
        }
        formatter.write_str(&inner.what)?;
        if let Some(status) = inner.status {
            write!(formatter, ": {status}")?;
        }
        if let Some(code) = &inner.code {
            write!(formatter, ", {code}")?;
        }
        if let Some(message) = &inner.message {
            // What a terminal would obey is no part of a sentence.
            write!(formatter, ": {}", message.replace(char::is_control, " "))?;
        }
        match (&inner.request_id, &inner.client_request_id) {
            (Some(id), _) => write!(formatter, " (request-id {id})"),
            (None, Some(id)) => write!(formatter, " (client-request-id {id})"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        formatter
            .debug_struct("Error")
            .field("kind", &inner.kind)
            .field("what", &inner.what)
            .field("call", &inner.call)
            .field("status", &inner.status)
            .field("code", &inner.code)
            .field("message", &inner.message)
            .field("inner_error", &inner.inner_error)
            .field("request_id", &inner.request_id)
            .field("client_request_id", &inner.client_request_id)
            .field("source", &inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// The body of an error of the identity platform, after
/// [RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) and with its own ids.
#[derive(Deserialize)]
struct IdentityAnswer {
    error: String,
    error_description: Option<String>,
    trace_id: Option<String>,
    correlation_id: Option<String>,
}
