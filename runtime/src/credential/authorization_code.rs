//! A user who signs in in the browser of this machine.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use form_urlencoded::Serializer;
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::TokenRequest;
use super::app::{App, Proof};
use super::grant::{self, Grant};
use super::loopback::Loopback;
use super::session::{Session, of_user};
use crate::error::{BoxError, Error};

/// How long the user may take, unless it is said.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// What shows an address to the user.
type Open = dyn Fn(&str) -> Result<(), BoxError> + Send + Sync;

/// A user who signs in in the browser of this machine, by the
/// [authorization code flow](https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow) with
/// PKCE (RFC 7636) and a redirect to a loopback port (RFC 8252 section 7.3).
///
/// The app has to have the redirect address `http://localhost`, as one of "Mobile and desktop applications". The
/// user is asked when a call needs him, or by [`Client::sign_in`](crate::Client::sign_in).
///
/// ```no_run
/// use graph_action::{Client, credential::AuthorizationCode};
///
/// # fn main() -> Result<(), graph_action::Error> {
/// let graph = Client::new(AuthorizationCode::new("contoso.example", "client-id")?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AuthorizationCode {
    session: Session,
    open: Arc<Open>,
    patience: Duration,
}

of_user!(AuthorizationCode);

impl AuthorizationCode {
    /// A user of `tenant` who signs in to the app `client_id` in the browser that the system opens. The tenant is
    /// named by its id, one of its domains, or one of `organizations`, `common` and `consumers` (personal
    /// accounts).
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when `tenant` is not named so, or `client_id` is
    /// empty.
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>) -> Result<Self, Error> {
        Ok(Self {
            session: Session::new(App::new(tenant, client_id, Proof::None)?),
            open: Arc::new(|address| webbrowser::open(address).map_err(Into::into)),
            patience: PATIENCE,
        })
    }

    /// Opens the address of the sign-in in another way than the system does. It may block.
    #[must_use]
    pub fn open_with<F>(mut self, open: F) -> Self
    where
        F: Fn(&str) -> Result<(), BoxError> + Send + Sync + 'static,
    {
        self.open = Arc::new(open);
        self
    }

    /// How long the user may take: five minutes unless it is said.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    async fn ask(&self, request: TokenRequest<'_>) -> Result<Grant, Error> {
        let no_port =
            |source| Error::auth("no port for the browser to come back to").with_source(source);
        let loopback = Loopback::bind().await.map_err(no_port)?;
        // Each of two UUIDs has 122 random bits; RFC 7636 section 4.1 asks for 43 characters.
        let verifier = Zeroizing::new(format!("{}{}", random(), random()));
        let state = random();
        let address = self.address(request, &loopback, &verifier, &state);
        let open = Arc::clone(&self.open);
        let opened = spawn_blocking(move || open(&address));
        let not_opened = async {
            let source = match opened.await {
                // What opens it may end long before the user has signed in.
                Ok(Ok(())) => return pending().await,
                Ok(Err(source)) => source,
                Err(source) => source.into(),
            };
            Error::auth("the browser cannot be opened").with_source(source)
        };
        let came_back = timeout(self.patience, async {
            tokio::select! {
                code = loopback.come_back(&state) => code,
                error = not_opened => Err(error),
            }
        });
        let code = came_back
            .await
            .map_err(|_| Error::auth("the user did not sign in in time").timed_out())??;
        let request = request.afresh();
        let scope = self.session.scope(request);
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", loopback.address()),
            ("code_verifier", &verifier),
            ("scope", &scope),
        ];
        self.session.app.grant(request, &parameters).await
    }

    /// Where the user signs in: RFC 6749 section 4.1.1, RFC 7636 section 4.3.
    fn address(
        &self,
        request: TokenRequest<'_>,
        loopback: &Loopback,
        verifier: &str,
        state: &str,
    ) -> String {
        let app = &self.session.app;
        let mut query = Serializer::new(String::new());
        query
            .append_pair("client_id", app.client_id())
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", loopback.address())
            .append_pair("response_mode", "query")
            .append_pair("scope", &self.session.scope(request))
            .append_pair("state", state)
            .append_pair(
                "code_challenge",
                &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)),
            )
            .append_pair("code_challenge_method", "S256")
            .append_pair("claims", &grant::with_capabilities(request.claims));
        if let Some(user) = &self.session.user {
            query.append_pair("login_hint", user);
        }
        format!("{}?{}", app.endpoint(request, "authorize"), query.finish())
    }
}

fn random() -> String {
    Uuid::new_v4().simple().to_string()
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AuthorizationCode")
            .field("session", &self.session)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}
