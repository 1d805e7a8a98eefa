//! Ways to sign in.
//!
//! | credential | who has it | it needs |
//! | --- | --- | --- |
//! | [`ClientSecret`] | a daemon, with the secret of its app registration | |
//! | `ClientCertificate` | a daemon, with the certificate of its app registration | feature `certificate` |
//! | [`ClientAssertion`] | a daemon that another identity provider vouches for, by a function of yours | |
//! | [`WorkloadIdentity`] | a pod, or a pipeline, with a federated token in a file | |
//! | [`ManagedIdentity`] | a virtual machine of Azure | |
//! | [`OnBehalfOf`] | a web API, for the user whose token it was called with | |
//! | [`DeviceCode`] | a command-line tool, for the user before it, who signs in on any device | |
//! | `AuthorizationCode` | a tool on the user's own machine, in the browser | feature `browser` |
//! | [`RefreshToken`] | who has kept a sign-in of a user | |
//! | [`Environment`] | whoever finds `AZURE_CLIENT_ID` and its like in the environment | |
//! | `AzureCredential` | whoever has a credential of `azure_identity`: Azure CLI, azd, App Service | feature `azure` |
//! | [`StaticToken`] | who has a token already | |
//! | [`Chain`] | who tries several | |
//!
//! An app on its own behalf is given the permissions that an administrator granted it. For a user each call
//! asks for the least permission that its action declares, unless a token at hand opens it; where the user has
//! not consented to that yet, he is asked then. [`Client::sign_in`](crate::Client::sign_in) asks for several at
//! once, ahead of the calls.

mod access_token;
mod account;
mod app;
mod assertion;
#[cfg(feature = "browser")]
mod authorization_code;
#[cfg(feature = "azure")]
mod azure;
mod chain;
pub(crate) mod challenge;
#[cfg(feature = "certificate")]
mod client_certificate;
mod client_secret;
mod device_code;
mod environment;
mod grant;
pub(crate) mod granted;
#[cfg(feature = "keyring")]
mod keyring;
#[cfg(feature = "browser")]
mod loopback;
mod managed_identity;
mod on_behalf_of;
mod refresh_token;
mod session;
mod static_token;
mod store;
pub(crate) mod tokens;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

pub use self::access_token::AccessToken;
pub use self::app::ConfidentialApp;
pub use self::assertion::{ClientAssertion, WorkloadIdentity};
#[cfg(feature = "browser")]
pub use self::authorization_code::AuthorizationCode;
#[cfg(feature = "azure")]
pub use self::azure::AzureCredential;
pub use self::chain::Chain;
#[cfg(feature = "certificate")]
pub use self::client_certificate::ClientCertificate;
pub use self::client_secret::ClientSecret;
pub use self::device_code::{DeviceCode, DevicePrompt};
pub use self::environment::Environment;
#[cfg(feature = "keyring")]
pub use self::keyring::KeyringStore;
pub use self::managed_identity::ManagedIdentity;
pub use self::on_behalf_of::OnBehalfOf;
pub use self::refresh_token::RefreshToken;
pub use self::static_token::StaticToken;
pub use self::store::TokenStore;
use crate::action::Caller;
use crate::error::Error;
use crate::retry::Retry;
use crate::transport::{BoxFuture, Carrier, Transport};

/// How long the identity platform may take for a step of a sign-in that a person takes part in.
const PATIENCE: Duration = Duration::from_secs(100);

/// Gives an [`AccessToken`] for scopes.
///
/// The [`Client`](crate::Client) keeps the tokens, one for each set of scopes, and asks for another when one is
/// due: at most one request is in flight for each, however many callers wait.
///
/// ```
/// use std::time::Duration;
///
/// use graph_action::credential::{AccessToken, Credential, TokenRequest};
/// use graph_action::transport::BoxFuture;
/// use graph_action::{Caller, Client, Error};
///
/// /// A token that another program writes into a file, for an hour each.
/// struct TokenFile(&'static str);
///
/// impl Credential for TokenFile {
///     fn caller(&self) -> Option<Caller> {
///         Some(Caller::Application)
///     }
///
///     fn token<'a>(&'a self, _: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
///         Box::pin(async {
///             let token = std::fs::read_to_string(self.0)
///                 .map_err(|source| Error::auth("the token file is not there").with_source(source))?;
///             Ok(AccessToken::new(token.trim())?.expires_in(Duration::from_secs(3600)))
///         })
///     }
/// }
///
/// let graph = Client::new(TokenFile("/run/graph-token"))?;
/// # Ok::<(), Error>(())
/// ```
pub trait Credential: Send + Sync + 'static {
    /// The kind of caller that the tokens are for, if it is known. An action that does not support it
    /// is refused before anything is sent.
    fn caller(&self) -> Option<Caller>;

    /// Gets a new token.
    fn token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>>;

    /// Whether a person may have to take part. A call waits for him without counting the time.
    fn is_interactive(&self) -> bool {
        false
    }

    /// Whose tokens they are, where several credentials get the same ones: then the clients
    /// [made of one another](crate::Client::with_credential) share them.
    fn identity(&self) -> Option<SecretString> {
        None
    }

    /// The addresses of the identity platforms that the credential names itself: none, if it asks that of the
    /// client. A client of another cloud is refused.
    fn authorities(&self) -> Vec<&str> {
        Vec::new()
    }
}

macro_rules! pointers {
    ($($type:ty),*) => {$(
        impl<T: Credential + ?Sized> Credential for $type {
            fn caller(&self) -> Option<Caller> {
                (**self).caller()
            }

            fn token<'a>(
                &'a self,
                request: TokenRequest<'a>,
            ) -> BoxFuture<'a, Result<AccessToken, Error>> {
                (**self).token(request)
            }

            fn is_interactive(&self) -> bool {
                (**self).is_interactive()
            }

            fn identity(&self) -> Option<SecretString> {
                (**self).identity()
            }

            fn authorities(&self) -> Vec<&str> {
                (**self).authorities()
            }
        }
    )*};
}
pointers!(Box<T>, Arc<T>);

/// The way to the identity platform, as a client has it.
pub(crate) struct Platform {
    pub(crate) authority: String,
    pub(crate) transport: Carrier,
    pub(crate) retry: Retry,
    /// The longest answer that is read, in bytes.
    pub(crate) max_token: usize,
}

/// What a [`Credential`] is asked for.
#[derive(Clone, Copy)]
pub struct TokenRequest<'a> {
    pub(crate) scopes: &'a [String],
    pub(crate) claims: Option<&'a str>,
    pub(crate) may_prompt: bool,
    pub(crate) deadline: Instant,
    pub(crate) platform: &'a Platform,
}

impl<'a> TokenRequest<'a> {
    /// The scopes, sorted, as in `https://graph.microsoft.com/.default`.
    pub fn scopes(&self) -> &'a [String] {
        self.scopes
    }

    /// The claims that the token has to have, as JSON, where Graph has asked for them.
    pub fn claims(&self) -> Option<&'a str> {
        self.claims
    }

    /// Whether a person may be asked: not while a token is renewed ahead of its end.
    pub fn may_prompt(&self) -> bool {
        self.may_prompt
    }

    /// How much time is left for what no person takes part in.
    pub fn timeout(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The address of the client's identity platform, as in `https://login.microsoftonline.com`.
    pub fn authority(&self) -> &'a str {
        &self.platform.authority
    }

    /// The client's own way to the network.
    pub fn transport(&self) -> &'a dyn Transport {
        self.platform.transport.as_dyn()
    }

    /// The same, with time of its own: a person has taken that of the call.
    pub(crate) fn afresh(self) -> Self {
        Self {
            deadline: Instant::now() + PATIENCE,
            ..self
        }
    }

    /// The scopes as one text, after RFC 6749 section 3.3.
    pub(crate) fn scope(&self) -> String {
        self.scopes.join(" ")
    }
}

impl fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenRequest")
            .field("scopes", &self.scopes)
            .field("may_prompt", &self.may_prompt)
            .finish_non_exhaustive()
    }
}
