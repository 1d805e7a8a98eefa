//! When a call is sent again, how soon and how often.
//!
//! | what came of it | is sent again |
//! | --- | --- |
//! | nothing was sent: refused, no TLS, or the server says that it did not begin | always |
//! | 429, and 503 with `Retry-After` | always: Graph has not begun |
//! | 408, 500, 502, 503, 504, a connection lost, an answer cut off | only what does no harm when it is done twice |
//! | anything else | never |
//!
//! See [throttling](https://learn.microsoft.com/graph/throttling) and
//! [errors](https://learn.microsoft.com/graph/errors), for the headers RFC 9110 section 10.2.3.

use std::time::{Duration, SystemTime};

use http::header::{DATE, RETRY_AFTER};
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;
use tokio::time::Instant;
use tokio::time::error::Elapsed;

use crate::client::RequestId;
use crate::error::{Error, Unreadable};
use crate::trace;
use crate::transport::{Body, TransportError, TransportErrorKind};

/// How often and how soon a call is sent again.
///
/// What may have been carried out is never repeated, unless its action is idempotent: every `get`, `put`
/// and `delete`, and what is declared so. A service that says how long to wait is taken at its word; where
/// it does not, the wait is random, up to a limit that doubles from one to the next. All of it happens
/// within the [timeout](crate::Request::timeout) of the call: a wait that would not fit ends it at once.
///
/// ```
/// use std::time::Duration;
///
/// use graph_action::{Client, Retry, credential::StaticToken};
///
/// let patient = Retry::default().times(8).backoff(Duration::from_secs(1), Duration::from_secs(60));
/// let graph = Client::builder(StaticToken::new("eyJ0eXAi...")?).retry(patient).build()?;
/// # Ok::<(), graph_action::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    times: u32,
    first: Duration,
    longest: Duration,
}

impl Retry {
    /// Sends a call once, whatever comes of it; but for a token that is refused, in whose place another is
    /// tried.
    pub const fn never() -> Self {
        Self {
            times: 0,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
        }
    }

    /// How often a call is sent again at most: four times unless it is said.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// The limit of the first wait and of the longest: 500 ms and 30 s unless they are said.
    #[must_use]
    pub const fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.first = first;
        self.longest = longest;
        self
    }
}

impl Default for Retry {
    /// Four times, after up to 500 ms at first and 30 s at most.
    fn default() -> Self {
        Self::never().times(4)
    }
}

/// The shortest wait, even if the service says that it is over.
const SHORTEST: Duration = Duration::from_millis(100);

/// What came of sending once.
pub(crate) enum Outcome {
    /// An answer. The body of a success has come too, unless it is streamed.
    Answer(Response<Body>),
    /// The head of a success, and why its body cannot be read.
    Head(Parts, Error),
    /// Nothing.
    Silence(TransportError),
}

impl Outcome {
    /// What came within the time.
    pub(crate) fn of(sent: Result<Result<Response<Body>, TransportError>, Elapsed>) -> Self {
        match sent {
            Ok(Ok(response)) => Self::Answer(response),
            Ok(Err(error)) => Self::Silence(error),
            Err(_) => Self::Silence(TransportError::timed_out()),
        }
    }

    /// Whether it is a success of which more is to come.
    pub(crate) fn is_to_be_read(&self) -> bool {
        match self {
            Self::Answer(response) => {
                response.status().is_success() && !response.body().is_end_stream()
            }
            Self::Head(..) | Self::Silence(_) => false,
        }
    }

    /// The same, of a success with its body, so that one that is lost can be asked for again.
    pub(crate) async fn whole(self, limit: usize, deadline: Instant) -> Self {
        let (parts, body) = match self {
            Self::Answer(response) if response.status().is_success() => response.into_parts(),
            other => return other,
        };
        match body.read(limit, deadline).await {
            Ok(bytes) => Self::Answer(Response::from_parts(parts, Body::from(bytes))),
            Err(error) => Self::Head(parts, error),
        }
    }

    fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answer(response) => Some(response.status()),
            Self::Head(parts, _) => Some(parts.status),
            Self::Silence(_) => None,
        }
    }

    /// How long the service asks to wait before the call is sent again.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answer(response) => retry_after(response.headers()),
            Self::Head(..) | Self::Silence(_) => None,
        }
    }
}

/// What an outcome says about sending again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is the answer.
    Final,
    /// The service has not begun, or cannot have.
    NotBegun,
    /// The service may have carried it out, or not.
    Unknown,
    /// The service has carried it out, and its answer was lost.
    Done,
}

impl Fate {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Answer(response) => match response.status() {
                StatusCode::TOO_MANY_REQUESTS => Self::NotBegun,
                StatusCode::SERVICE_UNAVAILABLE if outcome.retry_after().is_some() => {
                    Self::NotBegun
                }
                StatusCode::REQUEST_TIMEOUT
                | StatusCode::INTERNAL_SERVER_ERROR
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT => Self::Unknown,
                _ => Self::Final,
            },
            Outcome::Head(_, error) if error.unreadable() == Some(Unreadable::CutOff) => Self::Done,
            Outcome::Head(..) => Self::Final,
            Outcome::Silence(error) if error.kind() == TransportErrorKind::NotSent => {
                Self::NotBegun
            }
            Outcome::Silence(_) => Self::Unknown,
        }
    }

    /// Whether a call can be sent again after it without harm.
    pub(crate) fn is_retry_safe(self, is_idempotent: bool) -> bool {
        match self {
            Self::Final => false,
            Self::NotBegun => true,
            Self::Unknown | Self::Done => is_idempotent,
        }
    }
}

/// The attempts at one call.
pub(crate) struct Tries<'a> {
    retry: &'a Retry,
    pub(crate) deadline: Instant,
    /// How often the call was sent.
    pub(crate) attempts: u32,
    /// How long it waited in between.
    pub(crate) waited: Duration,
    /// Whether the connection at hand led to a server that had enough to do.
    pub(crate) wants_new_connection: bool,
    /// How many of the attempts are retries; that with another token is none.
    retries: u32,
    /// Whether another token was asked for.
    pub(crate) has_renewed: bool,
    /// The id of the first attempt that may have been carried out.
    pub(crate) unknown: Option<RequestId>,
}

impl<'a> Tries<'a> {
    pub(crate) fn new(retry: &'a Retry, deadline: Instant) -> Self {
        Self {
            retry,
            deadline,
            attempts: 0,
            waited: Duration::ZERO,
            wants_new_connection: false,
            retries: 0,
            has_renewed: false,
            unknown: None,
        }
    }

    /// How long to wait before the call is sent again, if it is to be.
    pub(crate) fn wait(&mut self, outcome: &Outcome, is_idempotent: bool) -> Option<Duration> {
        let fate = Fate::of(outcome);
        if !fate.is_retry_safe(is_idempotent) || self.retries >= self.retry.times {
            return None;
        }
        let wait = self.pause(outcome.retry_after());
        let is_in_time = Instant::now()
            .checked_add(wait)
            .is_some_and(|then| then < self.deadline);
        let is_throttled = fate == Fate::NotBegun && outcome.status().is_some();
        trace::retry(is_throttled, is_in_time, wait, self.attempts);
        if !is_in_time {
            return None;
        }
        self.wants_new_connection = outcome.status() == Some(StatusCode::SERVICE_UNAVAILABLE);
        self.waited += wait;
        self.retries += 1;
        Some(wait)
    }

    /// How long to wait, if the service says so much.
    fn pause(&self, said: Option<Duration>) -> Duration {
        let Retry { first, longest, .. } = *self.retry;
        let limit = first.saturating_mul(2_u32.saturating_pow(self.retries));
        let backoff = limit.min(longest).mul_f64(fastrand::f64());
        match said {
            // With some of the back-off, so that those who wait together do not come together.
            Some(said) => said.max(SHORTEST).saturating_add(backoff.min(first)),
            None => backoff.max(SHORTEST),
        }
    }
}

/// How long the service asks to wait: the longest, where it says it more than once. What is neither
/// seconds nor a date says nothing.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(RETRY_AFTER).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.filter_map(|text| wait(text.trim(), headers)).max()
}

fn wait(text: &str, headers: &HeaderMap) -> Option<Duration> {
    if text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        // What is longer than can be said is longer than anybody waits.
        return Some(Duration::try_from_secs_f64(text.parse().ok()?).unwrap_or(Duration::MAX));
    }
    let then = httpdate::parse_http_date(text).ok()?;
    // Its clock, not the one here, says what time it is there.
    let now = date(headers).unwrap_or_else(SystemTime::now);
    Some(then.duration_since(now).unwrap_or_default())
}

/// When the service answered, by its own clock.
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}
