//! A credential of Azure's own libraries.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use azure_core::credentials::TokenCredential;

use super::granted::Granted;
use super::{AccessToken, Credential, TokenRequest};
use crate::action::Caller;
use crate::error::Error;
use crate::transport::BoxFuture;

/// A credential of [`azure_identity`](https://docs.rs/azure_identity): the Azure CLI, azd, the managed identities
/// of App Service and its like, Azure Pipelines, or one of your own.
///
/// It is asked for all that it was granted beforehand: `.default`.
///
/// What it cannot do, since `TokenCredential` has no word for it: answer claims challenges (a token that is
/// revoked ends in the 401 that says so), say when to renew a token, and ask a user to consent to more. It sends its
/// requests its own way, not over the client's transport, and its errors have neither code nor status.
///
/// ```
/// use std::sync::Arc;
///
/// use azure_core::credentials::TokenCredential;
/// use graph_action::{Caller, Client, Error, credential::AzureCredential};
///
/// fn connect(cli: Arc<dyn TokenCredential>) -> Result<Client, Error> {
///     Client::new(AzureCredential::new(cli).caller(Caller::Delegated))
/// }
/// ```
#[derive(Clone)]
pub struct AzureCredential {
    credential: Arc<dyn TokenCredential>,
    caller: Option<Caller>,
}

impl AzureCredential {
    /// The credential, which may be an app's or a user's.
    pub fn new(credential: Arc<dyn TokenCredential>) -> Self {
        Self {
            credential,
            caller: None,
        }
    }

    /// Says for which kind of caller its tokens are, so that an action that does not support it is refused
    /// before anything is sent.
    #[must_use]
    pub fn caller(mut self, caller: Caller) -> Self {
        self.caller = Some(caller);
        self
    }

    async fn get(&self, request: TokenRequest<'_>) -> Result<AccessToken, Error> {
        if request.claims.is_some() {
            return Err(Error::auth(
                "Graph wants other claims in the token, which a credential of Azure cannot be asked for: sign in again with it",
            ));
        }
        // The tools of Azure have their permissions beforehand.
        let resource = request
            .scopes
            .first()
            .and_then(|scope| scope.rsplit_once('/'));
        let scope = resource.map_or_else(
            || request.scope(),
            |(resource, _)| format!("{resource}/.default"),
        );
        let scopes = [scope.as_str()];
        let token = self.credential.get_token(&scopes, None).await;
        let token = token.map_err(|source| {
            Error::unavailable("the credential of Azure gave no token").with_source(source)
        })?;
        let left = SystemTime::from(token.expires_on).duration_since(SystemTime::now());
        let left = left.unwrap_or(Duration::ZERO);
        let token = AccessToken::new(token.token.secret())?.expires_in(left);
        let granted = Granted::read(&token).map(|granted| granted.permissions);
        Ok(token.permissions(granted.unwrap_or_default()))
    }
}

impl Credential for AzureCredential {
    fn caller(&self) -> Option<Caller> {
        self.caller
    }

    fn token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(self.get(request))
    }
}

impl fmt::Debug for AzureCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AzureCredential")
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}
