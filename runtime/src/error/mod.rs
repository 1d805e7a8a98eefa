//! `Error`: the one way out of the crate.

mod body;
pub(crate) mod display;
mod identity;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, StatusCode};

use self::body::ErrorBody;
pub use self::body::{ErrorDetail, InnerError};
use crate::action::{ApiVersion, Caller, Declaration};
use crate::client::RequestId;
use crate::retry;
use crate::transport::{TransportError, TransportErrorKind};

/// An error of any kind as a source.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a call failed.
///
/// [`kind`](Self::kind) says where it ended; the other methods say what is known of it. Printed, it is
/// a sentence for a person; it never holds a token, a secret or a body.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    what: Cow<'static, str>,
    /// Method, path as declared and version: no value of the call.
    call: Option<(Method, &'static str, ApiVersion)>,
    status: Option<StatusCode>,
    code: Option<String>,
    message: Option<String>,
    target: Option<String>,
    details: Vec<ErrorDetail>,
    inner_error: Option<InnerError>,
    request_id: Option<String>,
    client_request_id: Option<String>,
    date: Option<SystemTime>,
    retry_after: Option<Duration>,
    unreadable: Option<Unreadable>,
    is_timeout: bool,
    /// Whether the call may have been carried out.
    is_outcome_unknown: bool,
    /// Whether sending it again can neither double it nor be in vain for sure.
    is_retry_safe: bool,
    attempts: u32,
    waited: Duration,
    permissions: Option<Permitted>,
    sign_in: SignIn,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What an error of the identity platform has beside the rest, or a challenge of Graph.
#[derive(Clone, Default)]
struct SignIn {
    /// The `error` of RFC 6749.
    oauth_error: Option<String>,
    claims: Option<String>,
    mend: Option<&'static str>,
    is_unavailable: bool,
}

/// What opens an action, and what a token has.
#[derive(Debug, Clone)]
struct Permitted {
    caller: Caller,
    needed: &'static [&'static str],
    granted: Option<Vec<String>>,
}

/// Why an answer cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unreadable {
    /// It is empty, or `null`, and the type that it is read as has content.
    Empty,
    /// It ends before its end.
    CutOff,
    /// It is longer than the client reads.
    TooLong,
    /// It cannot be decompressed.
    Encoding,
    /// It is no JSON by its own account: HTML, most often, of something between Graph and here.
    ContentType,
    /// It is no JSON.
    Json,
    /// It is JSON of another shape than the type that it is read as.
    Shape,
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
    /// No whole answer came back. If there is a [status](Error::status) it was begun, and Graph has carried
    /// the call out; else [`Error::is_outcome_unknown`] says whether it may have.
    Transport,
    /// Graph refused the call: a status other than 2xx.
    Api,
    /// The answer does not fit the type that it is read as, or leads where nothing is sent. Graph has
    /// carried the call out.
    Answer,
    /// Graph accepted the call, and the operation that it began has failed.
    Operation,
}

impl Error {
    /// Where the call ended.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status of the answer, a success that cannot be read too, of Graph or, for [`ErrorKind::Auth`], of the identity platform.
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

    /// The code and, from the outermost to the innermost, those of the inner errors: the more exact, the
    /// later.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        let first = self.inner_error();
        let inner = std::iter::successors(first, |inner| inner.inner_error());
        self.code()
            .into_iter()
            .chain(inner.filter_map(InnerError::code))
    }

    /// What the error is about, a property most often, where the service says so.
    pub fn target(&self) -> Option<&str> {
        self.0.target.as_deref()
    }

    /// The single failures, where the error is about several.
    pub fn details(&self) -> &[ErrorDetail] {
        &self.0.details
    }

    /// When the service answered, by its own clock.
    pub fn date(&self) -> Option<SystemTime> {
        self.0.date
    }

    /// How long the service asks to wait before the call is sent again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How often the call was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the call waited between its attempts.
    pub fn waited(&self) -> Duration {
        self.0.waited
    }

    /// Why the answer cannot be read, if that is what failed.
    pub fn unreadable(&self) -> Option<Unreadable> {
        self.0.unreadable
    }

    /// Whether Graph has too much to do, for this caller or altogether: 429, or 503 with a time to wait.
    pub fn is_throttled(&self) -> bool {
        let is_busy = self.has_status(503) && self.0.retry_after.is_some();
        self.0.kind != ErrorKind::Auth && (self.has_status(429) || is_busy)
    }

    /// Whether the caller may not: 403, or an action that does not support this kind of caller. The
    /// [needed](Self::needed_permissions) and the [granted](Self::granted_permissions) permissions may say
    /// why.
    pub fn is_forbidden(&self) -> bool {
        self.has_status(403) || self.0.kind == ErrorKind::Caller
    }

    /// Whether there is no such resource: 404 or 410.
    pub fn is_not_found(&self) -> bool {
        self.has_status(404) || self.has_status(410)
    }

    /// Whether the resource is not as the call supposes: 409 or 412.
    pub fn is_conflict(&self) -> bool {
        self.has_status(409) || self.has_status(412)
    }

    /// Whether the time was up.
    pub fn is_timeout(&self) -> bool {
        self.0.is_timeout
    }

    /// Whether the call may have been carried out, or not, by this attempt or by one before it: a `delete`
    /// that was lost finds nothing when it is sent again. Look at the resource before you send the call
    /// again; the service logs the [`client_request_id`](Self::client_request_id), which is that of the first
    /// attempt of which nobody knows.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.is_outcome_unknown
    }

    /// Whether the call can be sent again without harm, and may go better then: it was not carried out, or
    /// its action is idempotent, and what failed may pass.
    pub fn is_retry_safe(&self) -> bool {
        self.0.is_retry_safe
    }

    /// The permissions any one of which opens the action for this kind of caller, least privileged first,
    /// where Graph refused the call with 403.
    pub fn needed_permissions(&self) -> Option<&'static [&'static str]> {
        Some(self.0.permissions.as_ref()?.needed)
    }

    /// The permissions that the token has, where Graph refused the call with 403 and the token can be read.
    pub fn granted_permissions(&self) -> Option<&[String]> {
        self.0.permissions.as_ref()?.granted.as_deref()
    }

    /// The `error` of the identity platform after
    /// [RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2), as in `invalid_grant`, where
    /// the [`code`](Self::code) says more.
    pub fn oauth_error(&self) -> Option<&str> {
        self.0.sign_in.oauth_error.as_deref()
    }

    /// The [claims](https://learn.microsoft.com/entra/identity-platform/claims-challenge) that a token needs, as
    /// JSON, where they were asked for and could not be had here: a web API passes them on to its caller, who
    /// signs in with them.
    pub fn claims(&self) -> Option<&str> {
        self.0.sign_in.claims.as_deref()
    }

    /// What to do about a refusal of the identity platform, where its code is a common one. It is part of the
    /// printed error.
    pub fn mend(&self) -> Option<&'static str> {
        self.0.sign_in.mend
    }

    fn has_status(&self, status: u16) -> bool {
        self.0.kind != ErrorKind::Auth && self.0.status.is_some_and(|own| own == status)
    }

    fn new(kind: ErrorKind, what: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            what: what.into(),
            call: None,
            status: None,
            code: None,
            message: None,
            target: None,
            details: Vec::new(),
            inner_error: None,
            request_id: None,
            client_request_id: None,
            date: None,
            retry_after: None,
            unreadable: None,
            is_timeout: false,
            is_outcome_unknown: false,
            is_retry_safe: false,
            attempts: 0,
            waited: Duration::ZERO,
            permissions: None,
            sign_in: SignIn::default(),
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

    /// An error of a [`Credential`](crate::credential::Credential) of yours: it is not there, so that a
    /// [`Chain`](crate::credential::Chain) goes on to the next.
    pub fn unavailable(what: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::auth(what);
        error.0.sign_in.is_unavailable = true;
        error
    }

    /// Whether it says that a credential is not there.
    pub(crate) fn is_unavailable(&self) -> bool {
        self.0.sign_in.is_unavailable
    }

    /// The error for a call that no answer came to.
    pub(crate) fn unanswered(source: TransportError) -> Self {
        let what = match source.kind() {
            TransportErrorKind::NotSent => "the service cannot be reached",
            TransportErrorKind::TimedOut => "no answer came in time",
            TransportErrorKind::Lost | TransportErrorKind::Undecodable => "no answer came back",
        };
        let mut error = Self::new(ErrorKind::Transport, what);
        error.0.is_timeout = source.kind() == TransportErrorKind::TimedOut;
        error.with_source(source)
    }

    /// The error for an answer whose body did not come to its end.
    pub(crate) fn cut_off(source: TransportError) -> Self {
        let (what, unreadable) = match source.kind() {
            TransportErrorKind::Undecodable => {
                ("the answer cannot be decompressed", Unreadable::Encoding)
            }
            TransportErrorKind::TimedOut => ("the answer did not come in time", Unreadable::CutOff),
            TransportErrorKind::Lost | TransportErrorKind::NotSent => {
                ("the answer was cut off", Unreadable::CutOff)
            }
        };
        let mut error = Self::new(ErrorKind::Transport, what);
        error.0.is_timeout = source.kind() == TransportErrorKind::TimedOut;
        error.with_unreadable(unreadable).with_source(source)
    }

    /// The error for an answer of more bytes than are read.
    pub(crate) fn too_long(limit: usize) -> Self {
        let error = Self::answer(format!("the answer is longer than {limit} bytes"));
        error.with_unreadable(Unreadable::TooLong)
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
        error.0.date = retry::date(headers);
        error.0.retry_after = retry::retry_after(headers);
        error.with_ids(headers)
    }

    /// Takes what the `error` of a body of Graph says, as far as it is one.
    fn read(&mut self, body: &[u8]) {
        let body = ErrorBody::read(body);
        // Their place where the headers were dropped on the way.
        if let Some(inner) = &body.inner_error {
            self.0.request_id.clone_from(&inner.request_id);
            self.0
                .client_request_id
                .clone_from(&inner.client_request_id);
        }
        self.0.code = body.code;
        self.0.message = body.message;
        self.0.target = body.target;
        self.0.details = body.details;
        self.0.inner_error = body.inner_error;
    }

    /// The error that an operation ended in.
    pub(crate) fn operation(status: &str, body: &[u8]) -> Self {
        let what = format!("the operation has ended as `{}`", display::word(status));
        let mut error = Self::new(ErrorKind::Operation, what);
        error.read(body);
        error
    }

    /// Says which claims the service wants in the token.
    pub(crate) fn with_claims(mut self, claims: Option<String>) -> Self {
        self.0.sign_in.claims = claims.or(self.0.sign_in.claims);
        self
    }

    /// Says what caused it. The cause is printed, so it must hold no secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Takes the request ids that stand in the headers of an answer.
    pub(crate) fn with_ids(mut self, headers: &HeaderMap) -> Self {
        let id = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
        self.0.request_id = id("request-id").or(self.0.request_id);
        self.0.client_request_id = id("client-request-id").or(self.0.client_request_id);
        self
    }

    /// Says under which id the request went out, unless the answer says it.
    pub(crate) fn with_client_request_id(mut self, id: RequestId) -> Self {
        let own = || id.as_str().to_owned();
        self.0.client_request_id.get_or_insert_with(own);
        self
    }

    /// Says which answer it is about: its status, and its ids.
    pub(crate) fn with_answer(mut self, status: StatusCode, headers: &HeaderMap) -> Self {
        self.0.status = Some(status);
        self.with_ids(headers)
    }

    /// Says what was meant to be sent, and cannot be any more.
    pub(crate) fn unsent(source: Self) -> Self {
        let what = "the call was sent before, and there is no token to send it again";
        Self::new(ErrorKind::Transport, what).with_source(source)
    }

    pub(crate) fn with_unreadable(mut self, unreadable: Unreadable) -> Self {
        self.0.unreadable = Some(unreadable);
        self
    }

    /// Says how often the call was sent, and how long it waited in between.
    pub(crate) fn after(mut self, attempts: u32, waited: Duration) -> Self {
        self.0.attempts = attempts;
        self.0.waited = waited;
        self
    }

    /// Says which attempt may have been carried out, if any may.
    pub(crate) fn with_unknown(mut self, id: Option<RequestId>) -> Self {
        if let Some(id) = id {
            self.0.is_outcome_unknown = true;
            self.0.client_request_id = Some(id.as_str().to_owned());
        }
        self
    }

    /// Says whether the call can be sent again.
    pub(crate) fn with_retry_safe(mut self, is_retry_safe: bool) -> Self {
        self.0.is_retry_safe = is_retry_safe;
        self
    }

    pub(crate) fn timed_out(mut self) -> Self {
        self.0.is_timeout = true;
        self
    }

    /// Says which permissions open the action, and which the token has.
    pub(crate) fn with_permissions(
        mut self,
        caller: Caller,
        needed: &'static [&'static str],
        granted: Option<Vec<String>>,
    ) -> Self {
        self.0.permissions = Some(Permitted {
            caller,
            needed,
            granted,
        });
        self
    }

    /// Says of which call it is that was never sent.
    pub(crate) fn of(self, declaration: &Declaration, version: ApiVersion) -> Self {
        self.during(declaration.method.clone(), declaration.path, version)
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

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
