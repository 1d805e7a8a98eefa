//! The credential that the environment holds.

use std::env::{self, VarError};

use super::app::{App, on_its_own_behalf};
use super::{ClientSecret, WorkloadIdentity};
use crate::error::Error;

/// The credential that the environment holds, under the names that Microsoft's own libraries use.
///
/// | set | is |
/// | --- | --- |
/// | `AZURE_CLIENT_SECRET` | a [`ClientSecret`] |
/// | `AZURE_CLIENT_CERTIFICATE_PATH`, and `AZURE_CLIENT_CERTIFICATE_PASSWORD` for a PKCS#12 file that has one | a `ClientCertificate` (feature `certificate`) |
/// | `AZURE_FEDERATED_TOKEN_FILE` | a [`WorkloadIdentity`] |
///
/// each with `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`, and with `AZURE_AUTHORITY_HOST` for another identity
/// platform than that of the client's cloud. Of several the first is taken. What is empty is not set.
#[derive(Debug, Clone)]
pub struct Environment {
    app: App,
    /// What says how the app proves to be itself.
    variable: &'static str,
}

on_its_own_behalf!(Environment);

impl Environment {
    /// The credential that the environment holds.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when there is none, or those of its kind.
    pub fn new() -> Result<Self, Error> {
        Self::find()?.ok_or_else(|| {
            Error::config(
                "the environment holds no credential: set `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and one of \
                 `AZURE_CLIENT_SECRET`, `AZURE_CLIENT_CERTIFICATE_PATH`, `AZURE_FEDERATED_TOKEN_FILE`",
            )
        })
    }

    /// The credential that the environment holds, if it holds one: for a [`Chain`](super::Chain).
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), those of its kind.
    pub fn find() -> Result<Option<Self>, Error> {
        let (app, variable) = if is_set("AZURE_CLIENT_SECRET") {
            (ClientSecret::from_env()?.app, "AZURE_CLIENT_SECRET")
        } else if is_set("AZURE_CLIENT_CERTIFICATE_PATH") {
            (certificate()?, "AZURE_CLIENT_CERTIFICATE_PATH")
        } else if is_set("AZURE_FEDERATED_TOKEN_FILE") {
            (
                WorkloadIdentity::from_env()?.app,
                "AZURE_FEDERATED_TOKEN_FILE",
            )
        } else {
            return Ok(None);
        };
        Ok(Some(Self { app, variable }))
    }

    /// The variable that says how the app proves to be itself, as in `AZURE_CLIENT_SECRET`.
    pub fn variable(&self) -> &'static str {
        self.variable
    }
}

#[cfg(feature = "certificate")]
fn certificate() -> Result<App, Error> {
    Ok(super::ClientCertificate::from_env()?.app)
}

#[cfg(not(feature = "certificate"))]
fn certificate() -> Result<App, Error> {
    Err(Error::config(
        "`AZURE_CLIENT_CERTIFICATE_PATH` is set: turn on the feature `certificate` of graph-action",
    ))
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// A variable that has to be set. What it is set to is not told, not by `VarError` either.
pub(super) fn variable(name: &str) -> Result<String, Error> {
    let why = match env::var(name) {
        Ok(value) if !value.is_empty() => return Ok(value),
        Ok(_) => "is empty",
        Err(VarError::NotPresent) => "is not set",
        Err(VarError::NotUnicode(_)) => "is no Unicode",
    };
    Err(Error::config(format!(
        "the environment variable `{name}` {why}"
    )))
}

/// The credential of the app that the environment names, by the proof in a variable.
pub(super) fn credential<C>(
    proof: &str,
    new: impl FnOnce(String, String, String) -> Result<C, Error>,
    authority: impl FnOnce(C, &str) -> Result<C, Error>,
) -> Result<C, Error> {
    let (tenant, client_id) = (variable("AZURE_TENANT_ID")?, variable("AZURE_CLIENT_ID")?);
    with_authority(new(tenant, client_id, variable(proof)?)?, authority)
}

/// The credential at the identity platform that the environment names, if it names one.
pub(super) fn with_authority<C>(
    credential: C,
    authority: impl FnOnce(C, &str) -> Result<C, Error>,
) -> Result<C, Error> {
    match is_set("AZURE_AUTHORITY_HOST") {
        true => authority(credential, &variable("AZURE_AUTHORITY_HOST")?),
        false => Ok(credential),
    }
}
