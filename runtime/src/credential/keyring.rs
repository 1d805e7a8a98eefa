//! The keyring of the operating system as a store of sign-ins.

use keyring::{Entry, Error as KeyringError};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use super::TokenStore;
use crate::error::BoxError;
use crate::transport::BoxFuture;

/// Keeps sign-ins in the keyring of the operating system: Keychain on macOS, the Credential Manager on Windows,
/// the Secret Service elsewhere.
///
/// ```no_run
/// use graph_action::credential::{DeviceCode, KeyringStore};
///
/// # fn main() -> Result<(), graph_action::Error> {
/// let credential = DeviceCode::new("contoso.example", "client-id", |prompt| println!("{prompt}"))?
///     .store(KeyringStore::new("my-tool"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct KeyringStore {
    service: String,
}

impl KeyringStore {
    /// A store whose entries stand under the name of a service, which is that of the program.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
        }
    }

    /// Does something with an entry where it may block: the keyring can ask the user to unlock it.
    async fn with<T: Send + 'static>(
        &self,
        key: &str,
        act: impl FnOnce(Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<Option<T>, BoxError> {
        let (service, key) = (self.service.clone(), key.to_owned());
        let acted = spawn_blocking(move || {
            // It says more than the error of an entry, which is that there is no keyring.
            Entry::store_status()
                .as_ref()
                .map_err(ToString::to_string)?;
            match Entry::new(&service, &key).and_then(act) {
                Ok(value) => Ok(Some(value)),
                Err(KeyringError::NoEntry) => Ok(None),
                Err(error) => Err(error.into()),
            }
        });
        acted.await?
    }
}

impl TokenStore for KeyringStore {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretString>, BoxError>> {
        Box::pin(async {
            let token = self.with(key, |entry| entry.get_password()).await?;
            Ok(token.map(SecretString::from))
        })
    }

    fn save<'a>(
        &'a self,
        key: &'a str,
        token: Option<&'a SecretString>,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        let token = token.map(|token| Zeroizing::new(token.expose_secret().to_owned()));
        Box::pin(async {
            let saved = self.with(key, move |entry| match token {
                Some(token) => entry.set_password(&token),
                None => entry.delete_credential(),
            });
            saved.await.map(drop)
        })
    }
}
