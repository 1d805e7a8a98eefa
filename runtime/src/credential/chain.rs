//! Several credentials, the first of which that there is one is taken.

use std::fmt;
use std::sync::OnceLock;

use tokio::sync::Mutex;
use tokio::time::timeout_at;

use super::{AccessToken, Credential, TokenRequest};
use crate::action::Caller;
use crate::error::Error;
use crate::transport::BoxFuture;

/// Several credentials: the first one that gives a token is taken, and kept.
///
/// One that is [not there](Error::unavailable) is passed over: a machine without a managed identity, a file that does
/// not exist, a tool of Azure that nobody has signed in with. Any other error ends the search: who has the wrong
/// secret should hear of it, and not go on as somebody else.
///
/// ```
/// use graph_action::Client;
/// use graph_action::credential::{Chain, DeviceCode, Environment, ManagedIdentity};
///
/// # fn main() -> Result<(), graph_action::Error> {
/// let person = DeviceCode::new("contoso.example", "client-id", |prompt| eprintln!("{prompt}"))?;
/// let credential = Chain::new()
///     .or_maybe(Environment::find()?)
///     .or(ManagedIdentity::system_assigned())
///     .or(person);
/// let graph = Client::new(credential)?;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Chain {
    links: Vec<Box<dyn Credential>>,
    taken: OnceLock<usize>,
    /// Held by the one who searches.
    turn: Mutex<()>,
}

impl Chain {
    /// A chain of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tries this one next.
    #[must_use]
    pub fn or(mut self, credential: impl Credential) -> Self {
        self.links.push(Box::new(credential));
        self
    }

    /// Tries this one next, if there is one.
    #[must_use]
    pub fn or_maybe(self, credential: Option<impl Credential>) -> Self {
        match credential {
            Some(credential) => self.or(credential),
            None => self,
        }
    }

    fn taken(&self) -> Option<&dyn Credential> {
        Some(&**self.links.get(*self.taken.get()?)?)
    }

    async fn try_each(&self, request: TokenRequest<'_>) -> Result<AccessToken, Error> {
        if let Some(credential) = self.taken() {
            return bounded(credential, request).await;
        }
        // Of several calls one searches, so that all of them find the same.
        let _turn = self.turn.lock().await;
        if let Some(credential) = self.taken() {
            return bounded(credential, request).await;
        }
        let mut last = Error::auth("the chain is empty");
        let mut reasons = Vec::new();
        for (index, link) in self.links.iter().enumerate() {
            match bounded(&**link, request).await {
                Ok(token) => {
                    self.taken.get_or_init(|| index);
                    return Ok(token);
                }
                Err(error) if error.is_unavailable() => {
                    reasons.push(error.to_string());
                    last = error;
                }
                Err(error) => return Err(error),
            }
        }
        let what = "no credential of the chain is there";
        let what = match reasons.is_empty() {
            true => what.to_owned(),
            false => format!("{what}: {}", reasons.join("; ")),
        };
        Err(Error::unavailable(what).with_source(last))
    }

    fn credentials(&self) -> impl Iterator<Item = &dyn Credential> {
        let taken = self.taken();
        let others = self.links.iter().map(|link| &**link);
        let others = others.filter(move |_| taken.is_none());
        taken.into_iter().chain(others)
    }
}

/// A token of a credential, in the time that there is, unless a person may take part.
async fn bounded(
    credential: &dyn Credential,
    request: TokenRequest<'_>,
) -> Result<AccessToken, Error> {
    let token = credential.token(request);
    if credential.is_interactive() {
        return token.await;
    }
    let in_time = timeout_at(request.deadline, token).await;
    in_time.unwrap_or_else(|_| Err(Error::auth("no token came in time").timed_out()))
}

impl Credential for Chain {
    /// That of the one that was taken, or of all of them; until one is taken of several kinds, it is not known, and
    /// a token is asked for with all that was granted beforehand.
    fn caller(&self) -> Option<Caller> {
        let mut callers = self.credentials().map(Credential::caller);
        let first = callers.next()??;
        callers.all(|caller| caller == Some(first)).then_some(first)
    }

    fn token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(self.try_each(request))
    }

    fn is_interactive(&self) -> bool {
        self.credentials().any(Credential::is_interactive)
    }

    fn authorities(&self) -> Vec<&str> {
        self.links
            .iter()
            .flat_map(|link| link.authorities())
            .collect()
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Chain")
            .field("links", &self.links.len())
            .field("taken", &self.taken.get())
            .finish()
    }
}
