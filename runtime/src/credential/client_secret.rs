//! An app that signs in with its client secret.

use super::app::{App, Proof, on_its_own_behalf, secret_of};
use super::environment;
use crate::error::Error;

/// An application without a user that signs in with its client secret, by the
/// [client credentials flow](https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
///
/// The secret is not shown by `Debug`, and wiped from memory when the credential is dropped.
///
/// ```no_run
/// use graph_action::{Client, credential::ClientSecret};
///
/// # fn main() -> Result<(), graph_action::Error> {
/// let graph = Client::new(ClientSecret::from_env()?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ClientSecret {
    pub(super) app: App,
}

on_its_own_behalf!(ClientSecret);

impl ClientSecret {
    /// The credential of the app `client_id` in `tenant`, which is named by its id or one of its
    /// domains.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when one of the three is empty, or `tenant`
    /// is neither an id nor a domain.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        secret: impl Into<String>,
    ) -> Result<Self, Error> {
        let secret = secret_of("client secret", secret)?;
        let app = App::new(tenant, client_id, Proof::Secret(secret))?;
        Ok(Self { app })
    }

    /// The credential that the environment holds, under the names that Microsoft's own libraries use:
    /// `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET`, and `AZURE_AUTHORITY_HOST` for
    /// another identity platform than that of the client's cloud. [`Environment`](super::Environment) reads
    /// certificates and federated tokens too.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when one of the first three is not set, or
    /// those of [`new`](Self::new) and [`authority`](Self::authority).
    pub fn from_env() -> Result<Self, Error> {
        environment::credential("AZURE_CLIENT_SECRET", Self::new, Self::authority)
    }
}
