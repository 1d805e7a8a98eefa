//! `App`: an app registration, and how it proves to be it.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::credential::grant::{self, Grant};
use crate::credential::{AccessToken, TokenRequest};
use crate::error::Error;
use crate::host;
use crate::transport::BoxFuture;

/// The platform says so of an assertion that is not good yet, or no longer.
const ASSERTION_EXPIRED: &str = "AADSTS700024";

/// RFC 7523 section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An app of a tenant, which is named by its id or one of its domains.
#[derive(Clone)]
pub struct App {
    /// The identity platform, if it is not the client's.
    authority: Option<String>,
    tenant: String,
    client_id: String,
    proof: Proof,
}

/// How an app proves to be itself.
#[derive(Clone)]
pub(crate) enum Proof {
    /// Not at all: it is on the machine of its user.
    None,
    Secret(SecretString),
    Assertion(Arc<dyn Assert>),
}

/// Gives assertions, after [RFC 7523](https://www.rfc-editor.org/rfc/rfc7523).
pub(crate) trait Assert: Send + Sync {
    /// One for the token endpoint at `audience`, good at `now`.
    fn assert<'a>(
        &'a self,
        app: &'a App,
        audience: &'a str,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<Zeroizing<String>, Error>>;
}

impl App {
    /// Checks what can be checked without the platform.
    pub(crate) fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        proof: Proof,
    ) -> Result<Self, Error> {
        let (tenant, client_id) = (tenant.into(), client_id.into());
        let is_name = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '.';
        if !tenant.chars().all(is_name) || tenant.starts_with('.') || tenant.is_empty() {
            return Err(Error::config(format!(
                "the tenant `{tenant}` is neither an id nor a domain"
            )));
        }
        if client_id.is_empty() {
            return Err(Error::config("the client id is empty"));
        }
        Ok(Self {
            authority: None,
            tenant,
            client_id,
            proof,
        })
    }

    pub(crate) fn set_authority(&mut self, address: &str) -> Result<(), Error> {
        self.authority = Some(host::without_slash(&host::trusted(address)?));
        Ok(())
    }

    pub(crate) fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    pub(crate) fn tenant(&self) -> &str {
        &self.tenant
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The address of one of the app's endpoints: `token`, `authorize`, `devicecode`.
    pub(crate) fn endpoint(&self, request: TokenRequest<'_>, name: &str) -> String {
        let authority = self.authority().unwrap_or(request.authority());
        format!("{authority}/{}/oauth2/v2.0/{name}", self.tenant)
    }

    /// Asks the token endpoint. An assertion that the platform takes for expired is made anew once, by the
    /// platform's own clock.
    pub(crate) async fn grant(
        &self,
        request: TokenRequest<'_>,
        parameters: &[(&str, &str)],
    ) -> Result<Grant, Error> {
        let first = self.ask(request, parameters, SystemTime::now()).await;
        match (first, &self.proof) {
            (Err(error), Proof::Assertion(_)) if error.code() == Some(ASSERTION_EXPIRED) => {
                let now = error.date().unwrap_or_else(SystemTime::now);
                self.ask(request, parameters, now).await
            }
            (first, _) => first,
        }
    }

    /// A token of the app itself, by the
    /// [client credentials flow](https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
    pub(crate) async fn token(&self, request: TokenRequest<'_>) -> Result<AccessToken, Error> {
        let scope = request.scope();
        let parameters = [("grant_type", "client_credentials"), ("scope", &scope)];
        let grant = self.grant(request, &parameters).await?;
        grant.access_token(request)
    }

    async fn ask(
        &self,
        request: TokenRequest<'_>,
        parameters: &[(&str, &str)],
        now: SystemTime,
    ) -> Result<Grant, Error> {
        let endpoint = self.endpoint(request, "token");
        let mut form = vec![("client_id", self.client_id())];
        form.extend_from_slice(parameters);
        let assertion;
        match &self.proof {
            Proof::None => {}
            Proof::Secret(secret) => form.push(("client_secret", secret.expose_secret())),
            Proof::Assertion(proof) => {
                assertion = proof.assert(self, &endpoint, now).await?;
                form.push(("client_assertion_type", ASSERTION_TYPE));
                form.push(("client_assertion", &assertion));
            }
        }
        grant::ask(request, &endpoint, &form).await
    }
}

impl fmt::Debug for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("App")
            .field("authority", &self.authority)
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// A secret, if there is one.
pub(crate) fn secret_of(what: &str, secret: impl Into<String>) -> Result<SecretString, Error> {
    let secret = SecretString::from(secret.into());
    match secret.expose_secret().is_empty() {
        true => Err(Error::config(format!("the {what} is empty"))),
        false => Ok(secret),
    }
}

/// An app that can prove to be itself, and so can exchange the tokens of its users: see
/// [`OnBehalfOf`](super::OnBehalfOf).
pub trait ConfidentialApp: sealed::HasApp {}

pub(crate) mod sealed {
    use super::App;

    pub trait HasApp {
        fn app(&self) -> &App;
    }
}

/// What every credential of an app has.
macro_rules! of_app {
    ($($credential:ident: $app:ident $(. $field:ident)*),*) => {$(
        impl $credential {
            /// The address of the identity platform, if it is not that of the client's
            /// [cloud](crate::ClientBuilder::cloud).
            ///
            /// # Errors
            ///
            /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when it is no https address (or http on
            /// loopback).
            pub fn authority(mut self, address: &str) -> Result<Self, crate::error::Error> {
                self.$app $(. $field)* .set_authority(address)?;
                Ok(self)
            }
        }
    )*};
}

/// A credential of an app on its own behalf.
macro_rules! on_its_own_behalf {
    ($($credential:ident),*) => {$(
        crate::credential::app::of_app!($credential: app);

        impl crate::credential::app::sealed::HasApp for $credential {
            fn app(&self) -> &crate::credential::app::App {
                &self.app
            }
        }

        impl crate::credential::ConfidentialApp for $credential {}

        impl crate::credential::Credential for $credential {
            fn caller(&self) -> Option<crate::action::Caller> {
                Some(crate::action::Caller::Application)
            }

            fn token<'a>(
                &'a self,
                request: crate::credential::TokenRequest<'a>,
            ) -> crate::transport::BoxFuture<
                'a,
                Result<crate::credential::AccessToken, crate::error::Error>,
            > {
                Box::pin(self.app.token(request))
            }

            fn authorities(&self) -> Vec<&str> {
                self.app.authority().into_iter().collect()
            }
        }
    )*};
}

pub(crate) use {of_app, on_its_own_behalf};
