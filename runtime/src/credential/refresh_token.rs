//! A user who has signed in before.

use secrecy::SecretString;

use super::app::{App, ConfidentialApp, Proof, of_app, secret_of};
use super::session::Session;
use super::{AccessToken, Credential, TokenRequest, TokenStore};
use crate::action::Caller;
use crate::error::Error;
use crate::transport::BoxFuture;

/// A user whose [refresh token](https://learn.microsoft.com/entra/identity-platform/refresh-tokens) was kept: of a
/// sign-in in another program, or in a web app.
///
/// The token is exchanged for each access token, and a newer one takes its place.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    session: Session,
    token: SecretString,
}

of_app!(RefreshToken: session.app);

impl RefreshToken {
    /// The user who signed in to the app `client_id` in `tenant`, and got `token` there. The tenant is named by
    /// its id, one of its domains, or one of `organizations`, `common` and `consumers` (personal accounts).
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when one of the three is empty, or `tenant`
    /// is not named so.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        token: impl Into<String>,
    ) -> Result<Self, Error> {
        Self::with(App::new(tenant, client_id, Proof::None)?, token)
    }

    /// The user who signed in to an app that can prove to be itself: a web app, with its secret or certificate.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when the token is empty.
    pub fn of(app: &impl ConfidentialApp, token: impl Into<String>) -> Result<Self, Error> {
        Self::with(app.app().clone(), token)
    }

    fn with(app: App, token: impl Into<String>) -> Result<Self, Error> {
        Ok(Self {
            session: Session::new(app),
            token: secret_of("refresh token", token)?,
        })
    }

    /// Keeps the newer tokens of this user, whom `user` tells apart from those of others: his id, or his name. One in
    /// the store is tried before the one that was given, which may be older.
    #[must_use]
    pub fn store(mut self, store: impl TokenStore, user: impl Into<String>) -> Self {
        self.session.set_store(store);
        self.session.key = Some(user.into());
        self
    }
}

impl Credential for RefreshToken {
    fn caller(&self) -> Option<Caller> {
        Some(self.session.caller())
    }

    fn token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(self.session.refresh(request, &self.token))
    }

    fn authorities(&self) -> Vec<&str> {
        self.session.app.authority().into_iter().collect()
    }
}
