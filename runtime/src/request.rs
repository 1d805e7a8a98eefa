//! `Request`: one call, ready to send.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use http::Method;
use serde::Serialize;

use crate::action::{Action, ApiVersion, Permissions};
use crate::client::Client;
use crate::error::Error;
use crate::path::{Part, render};
use crate::response::FromResponse as _;

/// One call of the action `A`, ready to [`send`](Self::send): what the generated method `request`
/// returns.
///
/// It owns all that goes out. The path and the body are rendered at once, and an error in them is
/// kept until the request is sent.
#[must_use = "a request does nothing until it is sent"]
pub struct Request<A> {
    call: Result<Call, Error>,
    action: PhantomData<fn() -> A>,
}

/// What goes out, whatever the action.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) version: ApiVersion,
    pub(crate) permissions: Permissions,
    pub(crate) path: String,
    /// JSON.
    pub(crate) body: Option<Bytes>,
}

impl<A: Action> Request<A> {
    /// Sends the request, and reads the answer.
    ///
    /// # Errors
    ///
    /// Every way in which a call can fail; [`Error::kind`] tells them apart. Those of
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) and
    /// [`ErrorKind::Caller`](crate::ErrorKind::Caller) are found before anything is sent.
    pub async fn send(self, client: &Client) -> Result<A::Response, Error> {
        let result = match self.call {
            Ok(call) => client.call(call).await,
            Err(error) => Err(error),
        };
        result
            .and_then(A::Response::from_response)
            .map_err(|error| error.during(A::METHOD, A::PATH, A::VERSION))
    }
}

impl<A: Action> fmt::Debug for Request<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither values nor body: both may hold what has no place in a log.
        formatter
            .debug_struct("Request")
            .field("method", &A::METHOD)
            .field("version", &A::VERSION)
            .field("path", &A::PATH)
            .finish_non_exhaustive()
    }
}

/// Prepares a request of the action `A`; what the generated method calls.
pub fn request<A: Action>(parts: &[Part<'_>], payload: Payload) -> Request<A> {
    let call = render(parts).and_then(|path| {
        Ok(Call {
            method: A::METHOD,
            version: A::VERSION,
            permissions: A::PERMISSIONS,
            path,
            body: payload.0?,
        })
    });
    Request {
        call,
        action: PhantomData,
    }
}

/// The body of a request, rendered.
pub struct Payload(Result<Option<Bytes>, Error>);

impl Payload {
    /// For an action that sends no body.
    pub fn none() -> Self {
        Self(Ok(None))
    }

    /// The parameters as JSON.
    pub fn json<T: Serialize + ?Sized>(parameters: &T) -> Self {
        Self(match serde_json::to_vec(parameters) {
            Ok(json) => Ok(Some(json.into())),
            Err(source) => {
                Err(Error::request("the body cannot be written as JSON").with_source(source))
            }
        })
    }
}

/// Stands in for the body of `request` where a declaration does not compile.
pub fn stub() -> ! {
    unreachable!("a declaration that does not compile is never called")
}
