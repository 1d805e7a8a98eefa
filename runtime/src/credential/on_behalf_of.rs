//! A web API on behalf of the user who called it.

use secrecy::{ExposeSecret as _, SecretString};

use super::app::{App, ConfidentialApp, secret_of};
use super::{AccessToken, Credential, TokenRequest};
use crate::action::Caller;
use crate::error::Error;
use crate::transport::BoxFuture;

/// A web API on behalf of the user whose token it was called with, by the
/// [on-behalf-of flow](https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow).
///
/// ```
/// use graph_action::credential::{ClientSecret, OnBehalfOf};
/// use graph_action::{Client, Error};
///
/// /// `bearer` is what stands behind `Authorization: Bearer` in the request to the web API, which has checked it.
/// fn for_caller(graph: &Client, app: &ClientSecret, bearer: &str) -> Result<Client, Error> {
///     graph.with_credential(OnBehalfOf::new(app, bearer)?)
/// }
/// ```
///
/// The tokens of Graph are kept under the caller's token, so that who calls again with it does not sign in again.
/// Where Graph wants [claims](Error::claims) that only the user can bring, the web API answers its caller with
/// them.
#[derive(Debug, Clone)]
pub struct OnBehalfOf {
    app: App,
    assertion: SecretString,
}

impl OnBehalfOf {
    /// On behalf of the user whose token, issued for `app`, is `token`.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when the token is empty.
    pub fn new(app: &impl ConfidentialApp, token: impl Into<String>) -> Result<Self, Error> {
        Ok(Self {
            app: app.app().clone(),
            assertion: secret_of("token of the user", token)?,
        })
    }

    async fn exchange(&self, request: TokenRequest<'_>) -> Result<AccessToken, Error> {
        let scope = request.scope();
        let parameters = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", self.assertion.expose_secret()),
            ("requested_token_use", "on_behalf_of"),
            ("scope", &scope),
        ];
        let grant = self.app.grant(request, &parameters).await?;
        grant.access_token(request)
    }
}

impl Credential for OnBehalfOf {
    fn caller(&self) -> Option<Caller> {
        Some(Caller::Delegated)
    }

    fn token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(self.exchange(request))
    }

    fn identity(&self) -> Option<SecretString> {
        let (tenant, client_id) = (self.app.tenant(), self.app.client_id());
        let authority = self.app.authority().unwrap_or_default();
        let user = self.assertion.expose_secret();
        let identity = format!("on behalf of {authority}/{tenant}/{client_id}/{user}");
        Some(SecretString::from(identity))
    }

    fn authorities(&self) -> Vec<&str> {
        self.app.authority().into_iter().collect()
    }
}
