//! `Operation`: what Graph has accepted and does later.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::{Client, is_redirect};
use crate::error::Error;
use crate::response::{Answer, FromResponse, Origin, decode};
use crate::retry::retry_after;

/// How long to wait between two looks where the service does not say: at first, and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The shortest and the longest wait, whatever the service says.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);
const MOST_PATIENT: Duration = Duration::from_secs(10 * 60);

/// A long-running operation: a 202 that says in `Location` or `Operation-Location` where to watch it;
/// see [long running actions](https://learn.microsoft.com/graph/long-running-actions-overview).
///
/// `T` is what the operation looks like when it has succeeded: `()`, or a `Deserialize` type.
///
/// ```no_run
/// use graph_action::{Client, Error, Operation, graph_action};
///
/// #[graph_action(post = "/teams/<id>/clone", scope = "Team.Create", returns = Operation<()>)]
/// struct CloneTeam {
///     display_name: String,
///     parts_to_clone: String,
/// }
///
/// # async fn example(graph: &Client, clone: CloneTeam) -> Result<(), Error> {
/// let mut operation = clone.request("team").send(graph).await?;
/// operation.wait().await?;
/// # Ok(())
/// # }
/// ```
pub struct Operation<T> {
    location: Option<String>,
    /// The last answer, when the operation has succeeded.
    done: Option<Bytes>,
    retry_after: Option<Duration>,
    origin: Origin,
    result: PhantomData<fn() -> T>,
}

/// What is read of the state of an operation.
#[derive(Deserialize)]
struct State {
    status: Option<String>,
}

impl<T> Operation<T> {
    /// The whole address to watch the operation at, which can be kept and [resumed](Self::resume) from.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// How long the service asks to wait before the next look, where it says so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Watches an operation again whose [`location`](Self::location) was kept.
    pub fn resume(client: &Client, location: impl Into<String>) -> Self {
        Self {
            location: Some(location.into()),
            done: None,
            retry_after: None,
            origin: client.bare_origin(),
            result: PhantomData,
        }
    }
}

impl<T: DeserializeOwned + 'static> Operation<T> {
    /// Looks once: `None` while it goes on.
    ///
    /// # Errors
    ///
    /// Those of [`Request::send`](crate::Request::send), and of
    /// [`ErrorKind::Operation`](crate::ErrorKind::Operation), when the operation has failed.
    pub async fn poll(&mut self) -> Result<Option<T>, Error> {
        let looked = self.look().await;
        looked.map_err(|error| self.origin.during(&Method::GET, error))
    }

    async fn look(&mut self) -> Result<Option<T>, Error> {
        if let Some(done) = &self.done {
            return decode(done, &HeaderMap::new()).map(Some);
        }
        let Some(location) = &self.location else {
            return Err(Error::answer(
                "the service did not say where to watch the operation",
            ));
        };
        let origin = &self.origin;
        let answer = origin.client.watch(location, origin.clone()).await?;
        let (status, headers) = (answer.status(), answer.details().headers);
        let location = location_of(&answer);
        let body = answer.bytes();
        self.retry_after = retry_after(&headers);
        self.location = location.or(self.location.take());
        if is_redirect(status) {
            // To what the operation has made.
            self.retry_after = Some(SHORTEST_WAIT);
            return Ok(None);
        }
        match Progress::of(status, &body) {
            Progress::GoesOn => Ok(None),
            Progress::Succeeded => {
                let value = decode(&body, &headers).map_err(|error| error.with_ids(&headers))?;
                self.done = Some(body);
                Ok(Some(value))
            }
            Progress::Ended(status) => Err(Error::operation(&status, &body).with_ids(&headers)),
        }
    }

    /// Looks until the operation has ended, at the pace that the service asks for, but at least every ten
    /// minutes. It has no end of its own: to give up earlier, drop the future, as `tokio::time::timeout` does; it can be waited for again, as after an error.
    ///
    /// # Errors
    ///
    /// Those of [`poll`](Self::poll).
    pub async fn wait(&mut self) -> Result<T, Error> {
        let mut pause = FIRST_WAIT;
        loop {
            if self.done.is_none() {
                let wait = self.retry_after.unwrap_or(pause);
                let wait = wait.clamp(SHORTEST_WAIT, MOST_PATIENT);
                tokio::time::sleep(wait).await;
                pause = (pause * 2).min(LONGEST_WAIT);
            }
            if let Some(value) = self.poll().await? {
                return Ok(value);
            }
        }
    }
}

enum Progress {
    GoesOn,
    Succeeded,
    /// With this status, which is no success.
    Ended(String),
}

impl Progress {
    /// Reads how far the operation is. The services of Graph call it by different names; an unknown one is
    /// no reason to look for ever.
    fn of(status: StatusCode, body: &[u8]) -> Self {
        let state = serde_json::from_slice::<State>(body).ok();
        let Some(state) = state.and_then(|state| state.status) else {
            return if status == StatusCode::ACCEPTED {
                Self::GoesOn
            } else {
                Self::Succeeded
            };
        };
        match state.to_ascii_lowercase().as_str() {
            "succeeded" | "success" | "completed" | "complete" => Self::Succeeded,
            "notstarted" | "running" | "inprogress" | "active" | "pending" | "queued"
            | "accepted" | "processing" | "updating" | "waiting" | "deletepending" => Self::GoesOn,
            _ => Self::Ended(state),
        }
    }
}

/// The whole address at which an answer says to watch the operation.
fn location_of(answer: &Answer) -> Option<String> {
    let headers = answer.headers();
    let location = headers
        .get("operation-location")
        .or_else(|| headers.get("location"))?;
    let origin = &answer.origin;
    origin
        .client
        .resolve(location.to_str().ok()?, &answer.target, origin.version)
}

impl<T: DeserializeOwned + 'static> FromResponse for Operation<T> {
    fn from_response(answer: Answer) -> Result<Self, Error> {
        Ok(Self {
            location: location_of(&answer),
            done: (answer.status() != StatusCode::ACCEPTED).then(|| answer.bytes()),
            retry_after: retry_after(answer.headers()),
            origin: answer.origin,
            result: PhantomData,
        })
    }
}

impl<T> fmt::Debug for Operation<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Operation")
            .field("is_done", &self.done.is_some())
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}
