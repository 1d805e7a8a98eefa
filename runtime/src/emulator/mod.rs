//! A Microsoft Graph to run against without a tenant.
//!
//! A real HTTP server on a loopback port plays the Microsoft identity platform, with an app and a user, and the
//! part of Graph that deals with Android for Work enrollment profiles and with the user's own `/me`: it checks
//! what the real ones check, keeps state, and refuses with their errors.
//!
//! ```
//! use graph_action::{emulator::Emulator, graph_action};
//!
//! #[graph_action(
//!     post = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
//!     scope = "DeviceManagementConfiguration.ReadWrite.All",
//!     version = "beta",
//! )]
//! struct CreateToken {
//!     token_validity_in_seconds: i32,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), graph_action::Error> {
//! let emulator = Emulator::start().await?;
//! let graph = emulator.client()?;
//! let create = CreateToken { token_validity_in_seconds: 3600 };
//! create.request(emulator.profile_id()).send(&graph).await?;
//! assert_eq!(emulator.requests().len(), 2); // one for the token, and the call
//! # Ok(())
//! # }
//! ```

mod graph;
mod identity;
mod server;
mod user;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::net::TcpListener;
#[cfg(feature = "browser")]
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use self::server::Service;
use crate::client::Client;
use crate::cloud::Cloud;
#[cfg(feature = "browser")]
use crate::credential::AuthorizationCode;
use crate::credential::{ClientSecret, Credential, DeviceCode, DevicePrompt};
use crate::error::Error;
#[cfg(feature = "browser")]
use crate::transport::HttpTransport;

/// The permission that the emulated app has unless [`EmulatorBuilder::roles`] says otherwise.
const DEFAULT_ROLE: &str = "DeviceManagementConfiguration.ReadWrite.All";

/// The embedded service. It listens on a loopback port until it is dropped.
#[derive(Debug)]
pub struct Emulator {
    service: Arc<Service>,
    server: JoinHandle<()>,
}

impl Emulator {
    /// Starts the service with one tenant, one app and one enrollment profile.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when no port can be had.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// Begins a service that is set up otherwise than [`start`](Self::start) does it.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            roles: vec![DEFAULT_ROLE.to_owned()],
            consents: vec!["User.Read".to_owned()],
            token_lifetime: Duration::from_secs(3599),
        }
    }

    /// A client of the service, with the credential of its app.
    ///
    /// # Errors
    ///
    /// Those of [`ClientBuilder::build`](crate::ClientBuilder::build).
    pub fn client(&self) -> Result<Client, Error> {
        self.client_of(self.credential()?)
    }

    /// A client of the service, with another credential: one that [`device_code`](Self::device_code) gives, or
    /// one of your own.
    ///
    /// # Errors
    ///
    /// Those of [`ClientBuilder::build`](crate::ClientBuilder::build).
    pub fn client_of(&self, credential: impl Credential) -> Result<Client, Error> {
        let cloud = Cloud::custom(self.root(), self.root())?;
        Client::builder(credential).cloud(cloud).build()
    }

    /// The credential of the service's user, Adele Vance, who signs in and consents as soon as she is shown the
    /// code.
    ///
    /// # Errors
    ///
    /// Those of [`DeviceCode::new`].
    pub fn device_code(
        &self,
        show: impl Fn(&DevicePrompt) + Send + Sync + 'static,
    ) -> Result<DeviceCode, Error> {
        let service = Arc::clone(&self.service);
        DeviceCode::new(self.tenant_id(), self.client_id(), move |prompt| {
            show(prompt);
            service.sign_ins().approve(prompt.user_code());
        })
    }

    /// The credential of the service's user, Adele Vance, who has signed in in her browser before, and consents.
    /// The browser is one of the service's own, which comes back without a window.
    ///
    /// # Errors
    ///
    /// Those of [`AuthorizationCode::new`].
    #[cfg(feature = "browser")]
    pub fn authorization_code(&self) -> Result<AuthorizationCode, Error> {
        let transport = HttpTransport::new()?;
        let credential = AuthorizationCode::new(self.tenant_id(), self.client_id())?;
        Ok(credential.open_with(move |address| {
            let browse = user::browse(&transport, address);
            Handle::current().block_on(browse)
        }))
    }

    /// The credential of the service's app.
    ///
    /// # Errors
    ///
    /// Those of [`ClientSecret::new`].
    pub fn credential(&self) -> Result<ClientSecret, Error> {
        ClientSecret::new(self.tenant_id(), self.client_id(), self.client_secret())?
            .authority(self.root())
    }

    /// The address of both Graph and the identity platform, as in `http://127.0.0.1:40123`.
    pub fn root(&self) -> &str {
        &self.service.root
    }

    /// The id of the tenant.
    pub fn tenant_id(&self) -> &str {
        &self.service.tenant_id
    }

    /// The id of the app registration.
    pub fn client_id(&self) -> &str {
        &self.service.client_id
    }

    /// The secret of the app registration.
    pub fn client_secret(&self) -> &str {
        &self.service.client_secret
    }

    /// The id of the enrollment profile.
    pub fn profile_id(&self) -> &str {
        &self.service.profile_id
    }

    /// An access token as a user of the tenant gets it, with delegated permissions.
    pub fn user_token(&self, scopes: &[&str]) -> String {
        identity::user_token(&self.service, scopes)
    }

    /// A token of the service's user for a web API of the app's own, which the app can exchange
    /// [on behalf of](crate::credential::OnBehalfOf) her.
    pub fn api_token(&self) -> String {
        identity::api_token(&self.service)
    }

    /// The name of the service's user, who is Adele Vance.
    pub fn user_name(&self) -> &str {
        user::USER_NAME
    }

    /// The requests that the service has had, oldest first: the last 1,000, those for tokens among
    /// them. The address of each is the path and query.
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.service.requests()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Sets up an [`Emulator`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it starts the service"]
pub struct EmulatorBuilder {
    roles: Vec<String>,
    consents: Vec<String>,
    token_lifetime: Duration,
}

impl EmulatorBuilder {
    /// The application permissions that an administrator has granted the app:
    /// `DeviceManagementConfiguration.ReadWrite.All` unless they are set.
    pub fn roles<I>(mut self, roles: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// The delegated permissions that the user has consented to before she signs in: `User.Read` unless they are
    /// set.
    pub fn consents<I>(mut self, permissions: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.consents = permissions.into_iter().map(Into::into).collect();
        self
    }

    /// How long a token is good, in whole seconds: 3,599 s unless it is set.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Starts the service.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when no port can be had.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn start(self) -> Result<Emulator, Error> {
        let no_port = |source| Error::config("the emulator gets no port").with_source(source);
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .map_err(no_port)?;
        let address = listener.local_addr().map_err(no_port)?;
        let service = Arc::new(Service::new(
            address,
            self.roles,
            self.consents,
            self.token_lifetime,
        ));
        let server = tokio::spawn(server::run(listener, Arc::clone(&service)));
        Ok(Emulator { service, server })
    }
}
