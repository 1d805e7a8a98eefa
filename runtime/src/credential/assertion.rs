//! An app that another identity provider vouches for.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::app::{App, Assert, Proof, on_its_own_behalf};
use super::environment;
use crate::error::{BoxError, Error};
use crate::transport::BoxFuture;

/// No token in a file is longer, in bytes.
const MAX_FILE: u64 = 64 << 10;

/// An application without a user that signs in with an
/// [assertion](https://learn.microsoft.com/entra/identity-platform/certificate-credentials) which a function of
/// yours gives: by a key vault, or a federated identity provider.
///
/// ```
/// use graph_action::{Client, credential::ClientAssertion};
///
/// # fn main() -> Result<(), graph_action::Error> {
/// let credential = ClientAssertion::new("contoso.example", "client-id", |audience| async move {
///     // Ask a key vault to sign an assertion for this audience.
///     Ok(format!("assertion for {audience}"))
/// })?;
/// let graph = Client::new(credential)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ClientAssertion {
    pub(super) app: App,
}

on_its_own_behalf!(ClientAssertion, WorkloadIdentity);

impl ClientAssertion {
    /// The credential of the app `client_id` in `tenant`. The function is given the address of the token
    /// endpoint, the audience of an assertion that the app signs itself, and is called for each token; the
    /// platform takes an assertion for some minutes, and one that has just expired is asked for once more.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when `tenant` is neither an id nor a domain, or
    /// `client_id` is empty.
    pub fn new<F, R>(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        assert: F,
    ) -> Result<Self, Error>
    where
        F: Fn(String) -> R + Send + Sync + 'static,
        R: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        let proof = Proof::Assertion(Arc::new(Function(assert)));
        let app = App::new(tenant, client_id, proof)?;
        Ok(Self { app })
    }
}

struct Function<F>(F);

impl<F, R> Assert for Function<F>
where
    F: Fn(String) -> R + Send + Sync,
    R: Future<Output = Result<String, BoxError>> + Send + 'static,
{
    fn assert<'a>(
        &'a self,
        _: &'a App,
        audience: &'a str,
        _: SystemTime,
    ) -> BoxFuture<'a, Result<Zeroizing<String>, Error>> {
        let assertion = (self.0)(audience.to_owned());
        Box::pin(async {
            let assertion = assertion.await;
            assertion
                .map(Zeroizing::new)
                .map_err(|source| Error::auth("there is no assertion").with_source(source))
        })
    }
}

/// An application without a user that signs in with a federated token in a file, which its platform writes
/// and renews: a pod with
/// [workload identity](https://learn.microsoft.com/entra/workload-id/workload-identity-federation).
///
/// The file is read for each token.
#[derive(Debug, Clone)]
pub struct WorkloadIdentity {
    pub(super) app: App,
}

impl WorkloadIdentity {
    /// The credential of the app `client_id` in `tenant`, with the token in the file at `path`.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when `tenant` is neither an id nor a domain, or
    /// `client_id` is empty.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        path: impl Into<PathBuf>,
    ) -> Result<Self, Error> {
        let proof = Proof::Assertion(Arc::new(TokenFile(path.into())));
        let app = App::new(tenant, client_id, proof)?;
        Ok(Self { app })
    }

    /// The credential that a pod has in its environment: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`,
    /// `AZURE_FEDERATED_TOKEN_FILE` and, for another identity platform than that of the client's cloud,
    /// `AZURE_AUTHORITY_HOST`.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when one of the first three is not set, or those
    /// of [`new`](Self::new) and [`authority`](Self::authority).
    pub fn from_env() -> Result<Self, Error> {
        environment::credential("AZURE_FEDERATED_TOKEN_FILE", Self::new, Self::authority)
    }
}

struct TokenFile(PathBuf);

impl TokenFile {
    fn read(&self) -> io::Result<Zeroizing<String>> {
        let mut text = Zeroizing::new(String::new());
        let read = File::open(&self.0)?
            .take(MAX_FILE + 1)
            .read_to_string(&mut text)?;
        match read as u64 {
            0..=MAX_FILE => Ok(Zeroizing::new(text.trim().to_owned())),
            _ => Err(io::Error::other("it is longer than any token")),
        }
    }
}

impl Assert for TokenFile {
    fn assert<'a>(
        &'a self,
        _: &'a App,
        _: &'a str,
        _: SystemTime,
    ) -> BoxFuture<'a, Result<Zeroizing<String>, Error>> {
        Box::pin(async {
            let path = self.0.display();
            let error = |why: &str| format!("the federated token file `{path}` {why}");
            let token = self.read().map_err(|source| match source.kind() {
                ErrorKind::NotFound => {
                    Error::unavailable(error("is not there")).with_source(source)
                }
                _ => Error::auth(error("cannot be read")).with_source(source),
            })?;
            match token.is_empty() {
                true => Err(Error::auth(error("is empty"))),
                false => Ok(token),
            }
        })
    }
}
