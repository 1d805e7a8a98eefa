//! `Operation`: what Graph has accepted and does later.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::Error;
use crate::response::{Answer, FromResponse, Origin, decode};

/// How long to wait between two looks where the service does not say: at first, and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

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
/// let operation = clone.request("team").send(graph).await?;
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
    /// The address to watch the operation at, which can be kept and [resumed](Self::resume) from.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// How long the service asks to wait before the next look.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Watches an operation again whose [`location`](Self::location) was kept.
    pub fn resume(client: &Client, location: impl Into<String>) -> Self {
        Self {
            location: Some(location.into()),
            done: None,
            retry_after: None,
            origin: Origin::of(client),
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
        if let Some(done) = &self.done {
            return decode(done).map(Some);
        }
        let Some(location) = &self.location else {
            return Err(Error::answer(
                "the service did not say where to watch the operation",
            ));
        };
        let answer = self
            .origin
            .client
            .watch(location, self.origin.clone())
            .await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        self.retry_after = retry_after(&headers);
        if let Some(location) = location_of(&headers) {
            self.location = Some(location);
        }
        let body = answer.bytes().await?;
        match State::of(status, &body) {
            Progress::GoesOn => Ok(None),
            Progress::Succeeded => {
                let value = decode(&body).map_err(|error| error.with_ids(&headers))?;
                self.done = Some(body);
                Ok(Some(value))
            }
            Progress::Failed => Err(Error::operation(&body).with_ids(&headers)),
        }
    }

    /// Looks until the operation has ended, at the pace that the service asks for. To give up earlier,
    /// drop the future, as `tokio::time::timeout` does.
    ///
    /// # Errors
    ///
    /// Those of [`poll`](Self::poll).
    pub async fn wait(mut self) -> Result<T, Error> {
        let mut pause = FIRST_WAIT;
        loop {
            if self.done.is_none() {
                tokio::time::sleep(self.retry_after.unwrap_or(pause)).await;
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
    Failed,
}

impl State {
    /// Reads how far the operation is. The services of Graph call it by different names.
    fn of(status: StatusCode, body: &[u8]) -> Progress {
        let state = serde_json::from_slice::<Self>(body)
            .ok()
            .and_then(|state| state.status);
        match state.map(|state| state.to_ascii_lowercase()).as_deref() {
            Some("succeeded" | "completed" | "success") => Progress::Succeeded,
            Some("failed" | "deletefailed" | "cancelled" | "canceled") => Progress::Failed,
            Some(_) => Progress::GoesOn,
            None if status == StatusCode::ACCEPTED => Progress::GoesOn,
            None => Progress::Succeeded,
        }
    }
}

fn location_of(headers: &HeaderMap) -> Option<String> {
    let location = headers
        .get("operation-location")
        .or_else(|| headers.get("location"))?;
    Some(location.to_str().ok()?.to_owned())
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers
        .get("retry-after")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

impl<T> FromResponse for Operation<T> {
    async fn from_response(answer: Answer) -> Result<Self, Error> {
        let (status, headers) = (answer.status(), answer.headers().clone());
        let origin = answer.origin.clone();
        let body = answer.bytes().await?;
        Ok(Self {
            location: location_of(&headers),
            done: (status != StatusCode::ACCEPTED).then_some(body),
            retry_after: retry_after(&headers),
            origin,
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
