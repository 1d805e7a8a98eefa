//! How a message is sent until it is answered.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use super::request_id::{CLIENT_REQUEST_ID, RequestId};
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
use crate::transport::{Body, Outgoing};

/// How many headers are added to those of a message, here and by the HTTP library.
const ADDED: usize = 6;

impl Client {
    /// Sends a message, again where it may be, until there is an answer of 2xx, or a redirect that is
    /// followed.
    pub(super) fn send<'a>(
        &'a self,
        message: &'a Message,
        origin: &'a Origin,
        deadline: Instant,
        span: &'a Span,
    ) -> impl Future<Output = Result<Reply, Error>> + Send + 'a {
        let mut exchange = Exchange {
            client: self,
            message,
            origin,
            span,
            tries: Tries::new(&origin.retry, deadline),
        };
        async move {
            let sent = span.enter(exchange.send()).await;
            sent.map_err(|error| exchange.ended_by(error))
        }
    }
}

/// A message on its way to an answer. It is a part of each call's future, so what not every call comes to is in boxes.
struct Exchange<'a> {
    client: &'a Client,
    message: &'a Message,
    origin: &'a Origin,
    span: &'a Span,
    tries: Tries<'a>,
}

impl Exchange<'_> {
    async fn send(&mut self) -> Result<Reply, Error> {
        let mut held: Option<Held> = None;
        loop {
            let now = Instant::now();
            if self.message.has_token && !held.as_ref().is_some_and(|held| held.token.is_good(now))
            {
                held = self.client.token_at_hand(self.origin, now);
            }
            if self.message.has_token && held.is_none() {
                held = Some(Box::pin(self.token()).await?);
            }
            let attempt = self.attempt(held.as_ref()).await;
            let mut no_other_token = None;
            if let Some(refused) = &held
                && let Some(challenge) = attempt.challenge()
                && !self.tries.has_renewed
            {
                // Not another one at hand, which may be as old: the next of the same entry.
                match Box::pin(self.other_token(refused, challenge)).await {
                    Ok(Some(next)) => {
                        held = Some(next);
                        continue;
                    }
                    Ok(None) => {}
                    Err(error) => no_other_token = Some(error),
                }
            }
            let is_idempotent = self.message.is_idempotent;
            let Some(wait) = self.tries.wait(&attempt.outcome, is_idempotent) else {
                return match attempt.outcome {
                    Outcome::Answer(response) if self.message.is_answered_by(response.status()) => {
                        Ok(self.reply(response, attempt.id))
                    }
                    outcome => {
                        let error = Box::pin(self.error(outcome, attempt.id, held)).await;
                        Err(match no_other_token {
                            Some(source) => error.with_source(source),
                            None => error,
                        })
                    }
                };
            };
            drop(attempt);
            sleep(wait).await;
        }
    }

    /// A token where none is at hand.
    async fn token(&mut self) -> Result<Held, Error> {
        let token = self.client.token_for(self.origin, &mut self.tries).await;
        token.map_err(|error| {
            // It is no longer the token alone that failed.
            match &self.tries.unknown {
                Some(_) => Error::unsent(error),
                None => error,
            }
        })
    }

    /// Another token in place of one that was refused, if there is one.
    async fn other_token(
        &mut self,
        refused: &Held,
        challenge: Challenge,
    ) -> Result<Option<Held>, Error> {
        let Held { entry, token } = refused;
        self.tries.has_renewed = true;
        let has_other = !matches!(challenge, Challenge::Malformed);
        self.client
            .signed_in
            .tokens
            .forget(token, challenge.claims());
        if !has_other {
            return Ok(None);
        }
        let next = self.client.renewed_for(entry, &mut self.tries).await?;
        Ok((next != *token).then(|| Held {
            entry: Arc::clone(entry),
            token: next,
        }))
    }

    /// Sends a message once, under an id of its own.
    async fn attempt(&mut self, held: Option<&Held>) -> Attempt {
        let id = RequestId::new();
        let settings = &self.client.settings;
        let url = self.client.url(&self.message.target);
        let is_new = self.tries.wants_new_connection;
        let outgoing = self.message.outgoing(url, id, held, is_new);
        let sent = settings.platform.transport.send(outgoing);
        let mut outcome = Outcome::of(timeout_at(self.tries.deadline, sent).await);
        self.tries.attempts += 1;
        if !self.message.is_streamed && outcome.is_to_be_read() {
            let whole = outcome.whole(settings.max_answer, self.tries.deadline);
            outcome = Box::pin(whole).await;
        }
        if Fate::of(&outcome) == Fate::Unknown {
            self.tries.unknown.get_or_insert(id);
        }
        Attempt { outcome, id }
    }

    /// What the caller gets of the last attempt.
    fn reply(&self, response: Response<Body>, id: RequestId) -> Reply {
        let Tries {
            attempts,
            waited,
            deadline,
            ..
        } = self.tries;
        self.span
            .answered(response.status(), response.headers(), id, attempts);
        Reply {
            response,
            id,
            attempts,
            waited,
            deadline,
            span: self.span.clone(),
        }
    }

    /// The error that the outcome of the last attempt is.
    async fn error(&self, outcome: Outcome, id: RequestId, held: Option<Held>) -> Error {
        let Self { client, tries, .. } = self;
        let is_retry_safe = Fate::of(&outcome).is_retry_safe(self.message.is_idempotent);
        let error = match outcome {
            Outcome::Answer(mut response) => {
                self.span
                    .answered(response.status(), response.headers(), id, tries.attempts);
                with_id(response.headers_mut(), id);
                let error = refused(response, client.settings.max_error, tries.deadline).await;
                match held {
                    Some(held) if error.is_forbidden() => self.explain(error, &held.token),
                    _ => error,
                }
            }
            Outcome::Head(mut parts, error) => {
                self.span
                    .answered(parts.status, &parts.headers, id, tries.attempts);
                with_id(&mut parts.headers, id);
                error.with_answer(parts.status, &parts.headers)
            }
            Outcome::Silence(source) => Error::unanswered(source).with_client_request_id(id),
        };
        error.with_retry_safe(is_retry_safe)
    }

    /// Says of an error how the call came to it.
    fn ended_by(&self, error: Error) -> Error {
        let Self { message, tries, .. } = self;
        // What only reads is carried out by nobody.
        let unknown = tries.unknown.filter(|_| message.method != Method::GET);
        let error = error.after(tries.attempts, tries.waited);
        let error = error.with_unknown(unknown);
        self.span.failed(&error);
        self.origin.during(&message.method, error)
    }

    /// Says of a refusal which permissions open the action, and which the token has.
    fn explain(&self, error: Error, token: &AccessToken) -> Error {
        let granted = Granted::read(token);
        let said = self.client.signed_in.credential.caller();
        let Some(caller) = said.or(granted.as_ref().map(|granted| granted.caller)) else {
            return error;
        };
        let needed = self.origin.declaration.permissions.of(caller);
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

    fn outgoing(&self, url: Url, id: RequestId, held: Option<&Held>, is_new: bool) -> Outgoing {
        let mut headers = self.headers.map(ADDED);
        headers.insert(CLIENT_REQUEST_ID, id.value());
        if let Some(held) = held {
            headers.insert(AUTHORIZATION, held.token.bearer().clone());
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
    id: RequestId,
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
    /// The id of the request that it answers.
    pub(crate) id: RequestId,
    pub(crate) attempts: u32,
    pub(crate) waited: Duration,
    /// When the time of the call is up: later, if a person took part.
    pub(crate) deadline: Instant,
    pub(crate) span: Span,
}

impl Reply {
    pub(crate) fn details(&self) -> Detailed<()> {
        let mut headers = self.response.headers().clone();
        with_id(&mut headers, self.id);
        Detailed {
            value: (),
            status: self.response.status(),
            headers,
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

/// Adds the id of the request: Graph sends it back, and what stands between Graph and here may not.
fn with_id(headers: &mut HeaderMap, id: RequestId) {
    headers.insert(CLIENT_REQUEST_ID, id.value());
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
