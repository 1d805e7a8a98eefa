//! The identity that a virtual machine of Azure has.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use tokio::time::{Instant, sleep, timeout_at};

use super::grant::{self, Grant};
use super::{AccessToken, Credential, TokenRequest};
use crate::action::Caller;
use crate::error::Error;
use crate::host;
use crate::retry::Outcome;
use crate::transport::{BoxFuture, TransportErrorKind};

/// Where a virtual machine finds its instance metadata service: no other machine can answer there.
const IMDS: &str = "http://169.254.169.254";

/// How long the service may need to come back: it is gone for up to 70 s while it is updated.
const BUDGET: Duration = Duration::from_secs(80);

/// The first wait and the longest.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(20);

/// How long one request may take: the service is on the same machine, or there is none.
const PATIENCE: Duration = Duration::from_secs(5);

/// The [managed identity](https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token)
/// of a virtual machine of Azure, a scale set or a container instance, by its instance metadata service. That of
/// App Service, Functions, Container Apps or Arc is reached through `AzureCredential`.
///
/// The service is asked directly, whatever proxy is set, and again while it restarts: for up to 80 s of the
/// call's time, whatever [`Retry`](crate::Retry) says.
#[derive(Clone)]
pub struct ManagedIdentity {
    address: String,
    identity: Option<(&'static str, String)>,
}

impl ManagedIdentity {
    /// The identity that the system has assigned to the machine.
    pub fn system_assigned() -> Self {
        Self {
            address: IMDS.to_owned(),
            identity: None,
        }
    }

    /// An identity that was assigned to the machine by a user, by its client id.
    pub fn user_assigned(client_id: impl Into<String>) -> Self {
        Self {
            identity: Some(("client_id", client_id.into())),
            ..Self::system_assigned()
        }
    }

    /// Another address of the service, on this machine: for a test.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when it is no address of this machine.
    pub fn address(mut self, address: &str) -> Result<Self, Error> {
        let url = host::trusted(address)?;
        if !host::is_direct(&url) {
            return Err(Error::config(
                "the instance metadata service is on the machine itself",
            ));
        }
        self.address = host::without_slash(&url);
        Ok(self)
    }

    async fn get(&self, request: TokenRequest<'_>) -> Result<AccessToken, Error> {
        let [scope] = request.scopes else {
            return Err(Error::auth(
                "a managed identity is asked for one scope at a time",
            ));
        };
        let until = (Instant::now() + BUDGET).min(request.deadline);
        let mut wait = FIRST;
        loop {
            let error = match self.ask(request, scope).await? {
                Ok(token) => return Ok(token),
                Err(error) => error,
            };
            let pause = error.retry_after().unwrap_or_default().max(wait);
            let then = Instant::now().checked_add(pause);
            if then.is_none_or(|then| then > until) {
                return Err(error);
            }
            sleep(pause).await;
            wait = (wait * 2).min(LONGEST);
        }
    }

    /// Asks once; the inner error is one that may pass.
    async fn ask(
        &self,
        request: TokenRequest<'_>,
        scope: &str,
    ) -> Result<Result<AccessToken, Error>, Error> {
        let asked_at = Instant::now();
        let deadline = request.deadline.min(asked_at + PATIENCE);
        let message = self.message(scope)?;
        let response = match timeout_at(deadline, request.transport().send(message)).await {
            Ok(Ok(response)) => response,
            // It is there, but has not answered this time.
            Ok(Err(source)) if source.kind() == TransportErrorKind::Lost => {
                return Ok(Err(Error::auth(NO_ANSWER).with_source(source)));
            }
            Ok(Err(source)) => return Err(absent().with_source(source)),
            // The call had no more time: that says nothing of the machine.
            Err(_) if deadline == request.deadline => {
                return Err(Error::auth(NO_ANSWER).timed_out());
            }
            Err(_) => return Err(absent()),
        };
        // What other hosts have at this address does not know the path.
        if response.status() == StatusCode::NOT_FOUND && !is_json(response.headers()) {
            return Err(absent());
        }
        let limit = request.platform.max_token;
        let outcome = Outcome::Answer(response).whole(limit, deadline).await;
        match grant::read(SERVICE, outcome, limit, deadline).await {
            Ok(answer) => Grant { answer, asked_at }.access_token(request).map(Ok),
            Err(error) if error.status().is_some_and(may_pass) => Ok(Err(error)),
            // There is no such identity.
            Err(error) if error.status() == Some(StatusCode::BAD_REQUEST) => {
                Err(absent().with_source(error))
            }
            Err(error) => Err(error),
        }
    }

    fn message(&self, scope: &str) -> Result<Request<Bytes>, Error> {
        let resource = scope.strip_suffix("/.default").unwrap_or(scope);
        let mut query = Serializer::new(String::new());
        query
            .append_pair("api-version", "2018-02-01")
            .append_pair("resource", resource);
        if let Some((name, id)) = &self.identity {
            query.append_pair(name, id);
        }
        Request::get(format!(
            "{}/metadata/identity/oauth2/token?{}",
            self.address,
            query.finish()
        ))
        .header("metadata", "true")
        .body(Bytes::new())
        .map_err(|source| Error::config("the service has no address").with_source(source))
    }
}

/// Whether the service says what passes, after
/// [its documentation](https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling).
fn may_pass(status: StatusCode) -> bool {
    matches!(status.as_u16(), 404 | 410 | 429) || status.is_server_error()
}

const SERVICE: &str = "the instance metadata service";
const NO_ANSWER: &str = "the instance metadata service did not answer";

fn absent() -> Error {
    Error::unavailable(
        "there is no managed identity here: this is no virtual machine of Azure, or it was not assigned one",
    )
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.is_some_and(|content_type| content_type.starts_with(b"application/json"))
}

impl Credential for ManagedIdentity {
    fn caller(&self) -> Option<Caller> {
        Some(Caller::Application)
    }

    fn token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(self.get(request))
    }
}

impl fmt::Debug for ManagedIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ManagedIdentity")
            .field("address", &self.address)
            .field("identity", &self.identity)
            .finish()
    }
}
