//! Ways to sign in.
//!
//! | credential | who has it |
//! | --- | --- |
//! | [`ClientSecret`] | a daemon, with the secret of its app registration |
//! | [`StaticToken`] | who has a token already |

pub(crate) mod cache;
mod client_secret;
pub(crate) mod granted;
mod static_token;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use tokio::time::Instant;
use zeroize::Zeroizing;

pub use self::client_secret::ClientSecret;
pub use self::static_token::StaticToken;
use crate::action::Caller;
use crate::error::Error;
use crate::transport::{BoxFuture, Transport};

/// Gives an [`AccessToken`] for a scope.
///
/// The [`Client`](crate::Client) keeps the token, and asks for another when it is due: at most one
/// request is in flight, however many callers wait.
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
        }
    )*};
}
pointers!(Box<T>, Arc<T>);

/// What a [`Credential`] is asked for.
#[derive(Clone, Copy)]
pub struct TokenRequest<'a> {
    scope: &'a str,
    transport: &'a dyn Transport,
}

impl<'a> TokenRequest<'a> {
    pub(crate) fn new(scope: &'a str, transport: &'a dyn Transport) -> Self {
        Self { scope, transport }
    }

    /// The scope, as in `https://graph.microsoft.com/.default`.
    pub fn scope(&self) -> &'a str {
        self.scope
    }

    /// The client's own way to the network.
    pub fn transport(&self) -> &'a dyn Transport {
        self.transport
    }
}

impl fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenRequest")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// A bearer token of Graph. It is not shown by `Debug`, and wiped from memory with its last clone.
#[derive(Clone)]
pub struct AccessToken {
    bearer: HeaderValue,
    renew_at: Option<Instant>,
}

impl AccessToken {
    /// A token that is taken to be good for ever; see [`expires_in`](Self::expires_in).
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Auth`](crate::ErrorKind::Auth), when `token` is empty or cannot stand in a
    /// header.
    pub fn new(token: impl Into<String>) -> Result<Self, Error> {
        let token = Zeroizing::new(token.into());
        if token.is_empty() {
            return Err(Error::auth("the access token is empty"));
        }
        let mut text = Zeroizing::new(Vec::with_capacity("Bearer ".len() + token.len()));
        text.extend_from_slice(b"Bearer ");
        text.extend_from_slice(token.as_bytes());
        let mut bearer = HeaderValue::from_maybe_shared(Bytes::from_owner(text))
            .map_err(|_| Error::auth("the access token has a character that no token has"))?;
        bearer.set_sensitive(true);
        Ok(Self {
            bearer,
            renew_at: None,
        })
    }

    /// Says how long from now the token is good. It is renewed when a tenth of that is left, or five
    /// minutes if that is less.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        let margin = (lifetime / 10).min(Duration::from_secs(5 * 60));
        self.renew_at = Instant::now().checked_add(lifetime - margin);
        self
    }

    pub(crate) fn bearer(&self) -> &HeaderValue {
        &self.bearer
    }

    fn is_fresh(&self) -> bool {
        self.renew_at
            .is_none_or(|renew_at| Instant::now() < renew_at)
    }
}

impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        self.bearer == other.bearer
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(..)")
    }
}
