//! `AccessToken`: what opens a call, and for how long.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::error::Error;

/// A bearer token of Graph. It is not shown by `Debug`, and wiped from memory with its last clone.
#[derive(Clone)]
pub struct AccessToken(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    bearer: HeaderValue,
    expires_at: Option<Instant>,
    renew_at: Option<Instant>,
    permissions: Vec<String>,
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
        Ok(Self(Arc::new(Inner {
            bearer,
            expires_at: None,
            renew_at: None,
            permissions: Vec::new(),
        })))
    }

    /// Says how long from now the token is good. It is renewed while it is still used, when a tenth of that is
    /// left, or five minutes if that is less.
    #[must_use]
    pub fn expires_in(self, lifetime: Duration) -> Self {
        self.good_from(Instant::now(), lifetime)
    }

    /// Says how long from now the token is to be renewed, where who gives it knows that better.
    #[must_use]
    pub fn refresh_in(self, wait: Duration) -> Self {
        self.renew_from(Instant::now(), wait)
    }

    /// Says which permissions it has, so that a call that one of them opens need not ask for another token.
    #[must_use]
    pub fn permissions<I>(mut self, permissions: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.inner().permissions = permissions.into_iter().map(Into::into).collect();
        self
    }

    pub(crate) fn good_from(mut self, then: Instant, lifetime: Duration) -> Self {
        let margin = (lifetime / 10).min(Duration::from_secs(5 * 60));
        self.inner().expires_at = then.checked_add(lifetime);
        self.renew_from(then, lifetime - margin)
    }

    pub(crate) fn renew_from(mut self, then: Instant, wait: Duration) -> Self {
        self.inner().renew_at = then.checked_add(wait);
        self
    }

    fn inner(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }

    pub(crate) fn bearer(&self) -> &HeaderValue {
        &self.0.bearer
    }

    pub(crate) fn is_good(&self, now: Instant) -> bool {
        self.0.expires_at.is_none_or(|end| now < end)
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.0.renew_at.is_some_and(|due| now >= due)
    }

    /// Whether one of the permissions is known to be in it.
    pub(crate) fn has_one_of(&self, permissions: &[&str]) -> bool {
        let has = |permission: &&str| {
            let mut own = self.0.permissions.iter();
            own.any(|own| own.eq_ignore_ascii_case(permission))
        };
        permissions.iter().any(has)
    }
}

impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.bearer == other.0.bearer
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(..)")
    }
}
