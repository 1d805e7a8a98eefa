//! Who has signed in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::session::NO_NAME;
use crate::error::{Error, display};

/// The account of a user, by its
/// [id token](https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference).
#[derive(Deserialize)]
pub(crate) struct Account {
    /// The id of the user in the tenant, the same for all apps.
    oid: Option<String>,
    /// The tenant.
    tid: Option<String>,
    /// The id of the user for this app.
    sub: String,
    preferred_username: Option<String>,
}

impl Account {
    /// Reads a token that came from the platform itself, whose signature need not be looked at, after section
    /// 3.1.3.7 of [its specification](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation).
    pub(crate) fn read(token: &SecretString) -> Option<Self> {
        let payload = token.expose_secret().split('.').nth(1)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        serde_json::from_slice(&payload).ok()
    }

    /// Refuses another user than the one before, or than the one who is to sign in.
    pub(crate) fn is_expected(
        &self,
        before: Option<&Self>,
        wanted: Option<&str>,
    ) -> Result<(), Error> {
        let name = |account: &Self| {
            let name = account.preferred_username.as_deref();
            name.map_or_else(|| "another user".to_owned(), display::word)
        };
        let is_wanted = |wanted: &str| {
            let own = self.preferred_username.as_deref();
            own.is_some_and(|own| own.eq_ignore_ascii_case(wanted))
        };
        if wanted.is_some() && self.preferred_username.is_none() {
            return Err(Error::auth(NO_NAME));
        }
        if let Some(wanted) = wanted.filter(|wanted| !is_wanted(wanted)) {
            let (name, wanted) = (name(self), display::word(wanted));
            return Err(Error::auth(format!(
                "{name} has signed in, and {wanted} is to: sign in as {wanted}"
            )));
        }
        match before.filter(|before| !self.is_same(before)) {
            Some(before) => Err(Error::auth(format!(
                "{} has signed in, and {} has before: a client is of one user",
                name(self),
                name(before)
            ))),
            None => Ok(()),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (&self.oid, &other.oid) {
            (Some(own), Some(others)) => own == others && self.tid == other.tid,
            _ => self.sub == other.sub,
        }
    }
}
