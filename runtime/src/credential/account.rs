//! Who has signed in.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::granted::claims;
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
        claims(token.expose_secret().as_bytes())
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
        match (wanted, self.preferred_username.as_deref()) {
            (Some(_), None) => return Err(Error::auth(NO_NAME)),
            (Some(wanted), Some(own)) if !own.eq_ignore_ascii_case(wanted) => {
                let (name, wanted) = (name(self), display::word(wanted));
                return Err(Error::auth(format!(
                    "{name} has signed in, and {wanted} is to: sign in as {wanted}"
                )));
            }
            _ => {}
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
