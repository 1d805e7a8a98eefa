//! A user who signs in on any device with a browser.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::TokenRequest;
use super::app::{App, Proof};
use super::grant::{self, Grant, maybe_seconds, seconds};
use super::session::{Session, of_user};
use crate::error::{Error, display};

/// RFC 8628 section 3.5: what is polled with unless it is said, and by how much slower it gets.
const INTERVAL: Duration = Duration::from_secs(5);

/// Never faster, nor slower, whatever the platform says.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
const MAX_INTERVAL: Duration = Duration::from_secs(60);

/// No code is good for longer, whatever the platform says.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// A user who signs in on any device with a browser, by the
/// [device code flow](https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code): for a
/// command-line tool, also on a machine without a browser.
///
/// The app has to allow public client flows. The user is asked when a call needs him, or by
/// [`Client::sign_in`](crate::Client::sign_in).
///
/// ```no_run
/// use graph_action::{Client, credential::DeviceCode};
///
/// # fn main() -> Result<(), graph_action::Error> {
/// let credential = DeviceCode::new("contoso.example", "client-id", |prompt| eprintln!("{prompt}"))?;
/// let graph = Client::new(credential)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DeviceCode {
    session: Session,
    show: Arc<dyn Fn(&DevicePrompt) + Send + Sync>,
}

of_user!(DeviceCode);

impl DeviceCode {
    /// A user of `tenant` who signs in to the app `client_id`; `show` shows him where, and with which code. The
    /// tenant is named by its id, one of its domains, or one of `organizations`, `common` and `consumers`
    /// (personal accounts).
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when `tenant` is not named so, or `client_id` is
    /// empty.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        show: impl Fn(&DevicePrompt) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        Ok(Self {
            session: Session::new(App::new(tenant, client_id, Proof::None)?),
            show: Arc::new(show),
        })
    }

    async fn ask(&self, request: TokenRequest<'_>) -> Result<Grant, Error> {
        let app = &self.session.app;
        let scope = self.session.scope(request);
        let claims = grant::with_capabilities(request.claims);
        let parameters = [
            ("client_id", app.client_id()),
            ("scope", &*scope),
            ("claims", &*claims),
        ];
        let endpoint = app.endpoint(request, "devicecode");
        let code: Code = grant::post(request, &endpoint, &parameters).await?;
        let until = Instant::now() + code.expires_in.min(LONGEST);
        let interval = code.interval.unwrap_or(INTERVAL);
        let mut interval = interval
            .clamp(MIN_INTERVAL, MAX_INTERVAL)
            .min(code.expires_in / 2);
        (self.show)(&code.prompt);
        loop {
            if Instant::now() + interval >= until {
                return Err(
                    Error::auth("the user did not sign in before the code expired").timed_out(),
                );
            }
            sleep(interval).await;
            let parameters = [
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                ("device_code", code.device_code.expose_secret()),
            ];
            match app.grant(request.afresh(), &parameters).await {
                Err(error) if error.oauth_error() == Some("authorization_pending") => {}
                Err(error) if error.oauth_error() == Some("slow_down") => interval += INTERVAL,
                // RFC 8628 section 3.5: what is not answered says nothing of the user.
                Err(error) if is_passing(&error) => interval = (interval * 2).min(MAX_INTERVAL),
                granted => return granted,
            }
        }
    }
}

/// Whether it is the network or the platform that failed, and not the sign-in.
fn is_passing(error: &Error) -> bool {
    error.oauth_error().is_none() && (error.is_timeout() || error.is_retry_safe())
}

/// RFC 8628 section 3.2.
#[derive(Deserialize)]
struct Code {
    device_code: SecretString,
    #[serde(deserialize_with = "seconds")]
    expires_in: Duration,
    #[serde(default, deserialize_with = "maybe_seconds")]
    interval: Option<Duration>,
    #[serde(flatten)]
    prompt: DevicePrompt,
}

/// What the user is shown: where he signs in, and with which code. Printed, it is a sentence that says so, in the
/// language of the platform.
#[derive(Debug, Clone, Deserialize)]
pub struct DevicePrompt {
    user_code: String,
    verification_uri: String,
    message: Option<String>,
}

impl DevicePrompt {
    /// The code that the user types in.
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// The address of the page where he does.
    pub fn verification_uri(&self) -> &str {
        &self.verification_uri
    }
}

impl fmt::Display for DevicePrompt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It goes to a terminal, which obeys control characters.
        match &self.message {
            Some(message) => formatter.write_str(&display::printable(message)),
            None => write!(
                formatter,
                "To sign in, open {} and enter the code {}",
                display::printable(&self.verification_uri),
                display::printable(&self.user_code)
            ),
        }
    }
}

impl fmt::Debug for DeviceCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DeviceCode")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
