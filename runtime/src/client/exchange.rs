//! How a message is sent until it is answered.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;
use uuid::Builder;
use uuid::fmt::Hyphenated;

use super::{Client, is_redirect};
use crate::credential::AccessToken;
use crate::credential::challenge::Challenge;
use crate::credential::granted::Granted;
use crate::credential::tokens::Held;
use crate::error::Error;
use crate::request::Headers;
use crate::response::{Detailed, Origin};
use crate::retry::{Fate, Outcome, Tries};
use crate::trace::Span;
use crate::transport::{Body, Outgoing, TransportError};

pub(crate) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// How many headers are added to those of a message, here and by the HTTP library.
const ADDED: usize = 6;

impl Client {
    /// Sends a message, again where it may be, until there is an answer of 2xx, or a redirect that is
    /// followed.
    pub(super) async fn send(
        &self,
        message: &Message,
        origin: &Origin,
        deadline: Instant,
        span: &Span,
    ) -> Result<Reply, Error> {
        let mut tries = Tries::new(origin.retry, deadline);
        let sent = self.send_with(&mut tries, message, origin, span);
        span.enter(sent).await.map_err(|error| {
            // What only reads is carried out by nobody.
            let unknown = tries.unknown.filter(|_| message.method != Method::GET);
            let error = error.after(tries.attempts, tries.waited);
            let error = error.with_unknown(unknown.as_ref());
            span.failed(&error);
            origin.during(&message.method, error)
        })
    }

    async fn send_with(
        &self,
        tries: &mut Tries,
        message: &Message,
        origin: &Origin,
        span: &Span,
    ) -> Result<Reply, Error> {
        let mut held: Option<Held> = None;
        loop {
            let is_good = held.as_ref().is_some_and(|held| held.token.is_good());
            if message.has_token && !is_good {
                held = Some(self.token_for(origin, tries).await.map_err(|error| {
                    // It is no longer the token alone that failed.
                    match &tries.unknown {
                        Some(_) => Error::unsent(error),
                        None => error,
                    }
                })?);
            }
            let token = held.as_ref().map(|held| &held.token);
            let attempt = self.attempt(message, token, tries).await;
            let mut no_other_token = None;
            if let Some(Held { entry, token }) = &held
                && let Some(challenge) = attempt.challenge()
                && !tries.has_renewed
            {
                tries.has_renewed = true;
                let has_other = !matches!(challenge, Challenge::Malformed);
                self.signed_in.tokens.forget(token, challenge.claims());
                if has_other {
                    // Not another one at hand, which may be as old: the next of the same entry.
                    match self.renewed_for(entry, tries).await {
                        Ok(next) if next != *token => {
                            held = Some(Held {
                                entry: Arc::clone(entry),
                                token: next,
                            });
                            continue;
                        }
                        Ok(_) => {}
                        Err(error) => no_other_token = Some(error),
                    }
                }
            }
            let Some(wait) = tries.wait(&attempt.outcome, message.is_idempotent) else {
                let ended = self.end(attempt, message, origin, tries, span, held).await;
                return ended.map_err(|error| match no_other_token {
                    Some(source) => error.with_source(source),
                    None => error,
                });
            };
            drop(attempt);
            sleep(wait).await;
        }
    }

    /// Sends a message once, under an id of its own.
    async fn attempt(
        &self,
        message: &Message,
        token: Option<&AccessToken>,
        tries: &mut Tries,
    ) -> Attempt {
        let id = client_request_id();
        let url = self.url(&message.target);
        let outgoing = message.outgoing(url, &id, token, tries.wants_new_connection);
        let sent = timeout_at(
            tries.deadline,
            self.settings.platform.transport.send(outgoing),
        )
        .await;
        tries.attempts += 1;
        let outcome = match sent.unwrap_or_else(|_| Err(TransportError::timed_out())) {
            Err(error) => Outcome::Silence(error),
            Ok(mut response) => {
                // Graph sends it back; what stands between Graph and here may not.
                let headers = response.headers_mut();
                headers.insert(CLIENT_REQUEST_ID, id.clone());
                if message.is_streamed {
                    Outcome::Answer(response)
                } else {
                    Outcome::whole(response, self.settings.max_answer, tries.deadline).await
                }
            }
        };
        if Fate::of(&outcome) == Fate::Unknown {
            tries.unknown.get_or_insert_with(|| id.clone());
        }
        Attempt { outcome, id }
    }

    /// What the caller gets of the last attempt.
    async fn end(
        &self,
        attempt: Attempt,
        message: &Message,
        origin: &Origin,
        tries: &Tries,
        span: &Span,
        held: Option<Held>,
    ) -> Result<Reply, Error> {
        let is_retry_safe = Fate::of(&attempt.outcome).is_retry_safe(message.is_idempotent);
        let error = match attempt.outcome {
            Outcome::Answer(response) => {
                span.answered(response.status(), response.headers(), tries.attempts);
                if message.is_answered_by(response.status()) {
                    return Ok(Reply {
                        response,
                        attempts: tries.attempts,
                        waited: tries.waited,
                        deadline: tries.deadline,
                        span: span.clone(),
                    });
                }
                let error = refused(response, self.settings.max_error, tries.deadline).await;
                match held {
                    Some(held) if error.is_forbidden() => self.explain(error, origin, &held.token),
                    _ => error,
                }
            }
            Outcome::Head(parts, error) => {
                span.answered(parts.status, &parts.headers, tries.attempts);
                error.with_answer(parts.status, &parts.headers)
            }
            Outcome::Silence(source) => {
                Error::unanswered(source).with_client_request_id(&attempt.id)
            }
        };
        Err(error.with_retry_safe(is_retry_safe))
    }

    /// Says of a refusal which permissions open the action, and which the token has.
    fn explain(&self, error: Error, origin: &Origin, token: &AccessToken) -> Error {
        let granted = Granted::read(token);
        let said = self.signed_in.credential.caller();
        let Some(caller) = said.or(granted.as_ref().map(|granted| granted.caller)) else {
            return error;
        };
        let needed = origin.declaration.permissions.of(caller);
        if needed.is_empty() {
            return error;
        }
        let granted = granted.map(|granted| granted.permissions);
        error.with_permissions(caller, needed, granted)
    }
}

/// Where a message goes.
#[derive(Clone)]
pub(crate) enum Target {
    /// To Graph: version, path and query. What host that is, the client knows.
    Graph(String),
    Url(Url),
}

/// What goes out, as often as it takes.
pub(super) struct Message {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
    /// Whether sending it twice does no harm.
    pub(super) is_idempotent: bool,
    /// Whether it is for Graph, which wants to know who asks.
    pub(super) has_token: bool,
    /// Whether a redirect is an answer to it.
    pub(super) follows: bool,
    /// Whether the body of its answer is left to whoever asked.
    pub(super) is_streamed: bool,
}

impl Message {
    /// One for Graph, without a body.
    pub(super) fn new(method: Method, target: Target, headers: Headers) -> Self {
        Self {
            target,
            is_idempotent: method == Method::GET,
            method,
            headers,
            body: Bytes::new(),
            has_token: true,
            follows: false,
            is_streamed: false,
        }
    }

    fn outgoing(
        &self,
        url: Url,
        id: &HeaderValue,
        token: Option<&AccessToken>,
        is_new: bool,
    ) -> Outgoing {
        let mut headers = self.headers.map(ADDED);
        headers.insert(CLIENT_REQUEST_ID, id.clone());
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, token.bearer().clone());
        }
        // The front ends of Graph ask for a length even where there is nothing: 411.
        if self.body.is_empty() && self.method != Method::GET && self.method != Method::DELETE {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Outgoing {
            method: self.method.clone(),
            url,
            headers,
            body: self.body.clone(),
            is_new,
        }
    }

    fn is_answered_by(&self, status: StatusCode) -> bool {
        status.is_success() || self.follows && is_redirect(status)
    }
}

/// One attempt at sending a message, and the id that it had.
struct Attempt {
    outcome: Outcome,
    id: HeaderValue,
}

impl Attempt {
    /// What a refusal of the token says, if it is one.
    fn challenge(&self) -> Option<Challenge> {
        match &self.outcome {
            Outcome::Answer(response) if response.status() == StatusCode::UNAUTHORIZED => {
                Some(Challenge::read(response.headers()))
            }
            _ => None,
        }
    }
}

/// The answer to a message, before its body is read.
pub(crate) struct Reply {
    pub(crate) response: Response<Body>,
    pub(crate) attempts: u32,
    pub(crate) waited: Duration,
    /// When the time of the call is up: later, if a person took part.
    pub(crate) deadline: Instant,
    pub(crate) span: Span,
}

impl Reply {
    pub(crate) fn details(&self) -> Detailed<()> {
        Detailed {
            value: (),
            status: self.response.status(),
            headers: self.response.headers().clone(),
            attempts: self.attempts,
            waited: self.waited,
        }
    }

    /// Says of which answer an error is, to the span of the call too.
    pub(crate) fn fail(&self, error: Error) -> Error {
        let error = self.details().fail(error);
        self.span.failed(&error);
        error
    }
}

/// The error that an answer is.
async fn refused(response: Response<Body>, limit: usize, deadline: Instant) -> Error {
    let (parts, body) = response.into_parts();
    let error = match body.read(limit, deadline).await {
        Ok(body) => Error::api(parts.status, &parts.headers, &body),
        // The status says more than why its explanation could not be read.
        Err(error) => Error::api(parts.status, &parts.headers, &[]).with_source(error),
    };
    error.with_claims(Challenge::read(&parts.headers).claims())
}

/// A fresh id, under which Graph logs the request.
pub(crate) fn client_request_id() -> HeaderValue {
    let mut id = [0; Hyphenated::LENGTH];
    // Nobody gains from guessing it, so it need not come from the system.
    let uuid = Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid();
    uuid.hyphenated().encode_lower(&mut id);
    // With an owner from the start, since it is shared with the answer.
    HeaderValue::from_maybe_shared(Bytes::from_owner(id)).expect("a UUID is written in ASCII")
}
