//! A token that somebody else got.

use std::fmt;

use crate::action::Caller;
use crate::credential::{AccessToken, Credential, TokenRequest};
use crate::error::Error;
use crate::transport::BoxFuture;

/// A token from elsewhere: Graph Explorer, the Azure CLI, a test. It is sent as it is, and
/// never renewed.
///
/// ```
/// use graph_action::{Caller, Client, credential::StaticToken};
///
/// # fn main() -> Result<(), graph_action::Error> {
/// let token = StaticToken::new("eyJ0eXAiOiJKV1Qi...")?.caller(Caller::Delegated);
/// let graph = Client::new(token)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct StaticToken {
    token: AccessToken,
    caller: Option<Caller>,
}

impl StaticToken {
    /// A credential that always gives `token`.
    ///
    /// # Errors
    ///
    /// Those of [`AccessToken::new`].
    pub fn new(token: impl Into<String>) -> Result<Self, Error> {
        Ok(Self {
            token: AccessToken::new(token)?,
            caller: None,
        })
    }

    /// Says for which kind of caller the token is, so that an action that does not support it is refused
    /// before anything is sent.
    #[must_use]
    pub fn caller(mut self, caller: Caller) -> Self {
        self.caller = Some(caller);
        self
    }
}

impl Credential for StaticToken {
    fn caller(&self) -> Option<Caller> {
        self.caller
    }

    fn token<'a>(&'a self, _: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async { Ok(self.token.clone()) })
    }
}

impl fmt::Debug for StaticToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StaticToken")
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}
