//! An app that signs in with its client secret.

use std::env;
use std::time::Duration;

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::action::Caller;
use crate::credential::{AccessToken, Credential, TokenRequest};
use crate::error::Error;
use crate::host;
use crate::transport::{Body, BoxFuture, TransportError};

/// The identity platform of the global cloud.
const GLOBAL: &str = "https://login.microsoftonline.com";

/// How long the answer of the token endpoint may take. The call that needs the token may have less.
const PATIENCE: Duration = Duration::from_secs(100);

/// The longest answer of the token endpoint that is read, in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// An application without a user that signs in with its client secret, by the
/// [client credentials flow](https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
///
/// The secret is not shown by `Debug`, and wiped from memory when the credential is dropped.
///
/// ```no_run
/// use graph_action::{Client, credential::ClientSecret};
///
/// # fn main() -> Result<(), graph_action::Error> {
/// let graph = Client::new(ClientSecret::from_env()?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ClientSecret {
    authority: String,
    tenant: String,
    client_id: String,
    secret: SecretString,
}

impl ClientSecret {
    /// The credential of the app `client_id` in `tenant`, which is named by its id or one of its
    /// domains.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when one of the three is empty, or `tenant`
    /// is neither an id nor a domain.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        secret: impl Into<String>,
    ) -> Result<Self, Error> {
        let (tenant, client_id) = (tenant.into(), client_id.into());
        let secret = SecretString::from(secret.into());
        let is_name = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '.';
        if !tenant.chars().all(is_name) || tenant.starts_with('.') || tenant.is_empty() {
            return Err(Error::config(format!(
                "the tenant `{tenant}` is neither an id nor a domain"
            )));
        }
        if client_id.is_empty() {
            return Err(Error::config("the client id is empty"));
        }
        if secret.expose_secret().is_empty() {
            return Err(Error::config("the client secret is empty"));
        }
        Ok(Self {
            authority: GLOBAL.to_owned(),
            tenant,
            client_id,
            secret,
        })
    }

    /// The credential that the environment holds, under the names that Microsoft's own libraries use:
    /// `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET`, and `AZURE_AUTHORITY_HOST` for
    /// another identity platform than that of the global cloud.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when one of the first three is not set, or
    /// those of [`new`](Self::new) and [`authority`](Self::authority).
    pub fn from_env() -> Result<Self, Error> {
        let variable = |name: &str| {
            env::var(name).map_err(|source| {
                Error::config(format!("the environment variable `{name}` cannot be read"))
                    .with_source(source)
            })
        };
        let credential = Self::new(
            variable("AZURE_TENANT_ID")?,
            variable("AZURE_CLIENT_ID")?,
            variable("AZURE_CLIENT_SECRET")?,
        )?;
        match env::var("AZURE_AUTHORITY_HOST") {
            Ok(authority) => credential.authority(&authority),
            Err(_) => Ok(credential),
        }
    }

    /// The address of the identity platform: `https://login.microsoftonline.com` unless it is set.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when it is no https address (or http on
    /// loopback).
    pub fn authority(mut self, address: &str) -> Result<Self, Error> {
        self.authority = host::without_slash(&host::trusted(address)?);
        Ok(self)
    }

    /// The request of a token: RFC 6749 section 4.4.2, with the secret in the body.
    fn token_request(&self, scope: &str) -> Result<Request<Bytes>, Error> {
        // With room for all of it, so that no copy of the secret is left behind by growing.
        let secret = self.secret.expose_secret();
        let room = 128 + self.client_id.len() + 3 * (scope.len() + secret.len());
        let mut form = Serializer::new(String::with_capacity(room));
        form.append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", secret)
            .append_pair("scope", scope);
        let form = Zeroizing::new(form.finish().into_bytes());
        Request::builder()
            .method(Method::POST)
            .uri(format!(
                "{}/{}/oauth2/v2.0/token",
                self.authority, self.tenant
            ))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from_owner(form))
            .map_err(|source| {
                Error::config("the token endpoint has no address").with_source(source)
            })
    }
}

impl Credential for ClientSecret {
    fn caller(&self) -> Option<Caller> {
        Some(Caller::Application)
    }

    fn token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let deadline = Instant::now() + PATIENCE;
            let form = self.token_request(request.scope())?;
            let response = request.transport().send(form).await.map_err(unanswered)?;
            read_token(response, deadline).await
        })
    }
}

/// A token as the endpoint grants it: RFC 6749 section 5.1.
#[derive(Deserialize)]
struct Grant {
    access_token: Zeroizing<String>,
    /// In seconds.
    expires_in: u64,
}

fn unanswered(source: TransportError) -> Error {
    Error::auth("the identity platform did not answer").with_source(source)
}

async fn read_token(response: Response<Body>, deadline: Instant) -> Result<AccessToken, Error> {
    let (parts, body) = response.into_parts();
    let body = match body.read(MAX_ANSWER, deadline).await {
        Ok(body) if parts.status.is_success() => body,
        Ok(body) => return Err(Error::identity(parts.status, &body)),
        // The status says more than why its explanation could not be read.
        Err(source) => return Err(Error::identity(parts.status, &[]).with_source(source)),
    };
    // The parser's error is dropped: it could quote the token.
    let grant: Grant = serde_json::from_slice(&body)
        .map_err(|_| Error::auth("the identity platform answered without a token"))?;
    let lifetime = Duration::from_secs(grant.expires_in);
    Ok(AccessToken::new(grant.access_token.as_str())?.expires_in(lifetime))
}
