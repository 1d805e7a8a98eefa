//! `TokenStore`: where a sign-in of a user is kept between the runs of a program.

use std::sync::Arc;

use secrecy::SecretString;

use crate::error::BoxError;
use crate::transport::BoxFuture;

/// Keeps the refresh tokens of users, so that a sign-in survives a restart.
///
/// A refresh token opens all that the user has consented to, for months: keep it as you would a password. With
/// the feature `keyring`, `KeyringStore` keeps it in the keyring of the operating system.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Mutex, PoisonError};
///
/// use graph_action::BoxError;
/// use graph_action::credential::{SecretString, TokenStore};
/// use graph_action::transport::BoxFuture;
///
/// /// In memory only: of use in a test.
/// #[derive(Default)]
/// struct Memory(Mutex<HashMap<String, SecretString>>);
///
/// impl TokenStore for Memory {
///     fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretString>, BoxError>> {
///         let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         let token = tokens.get(key).cloned();
///         Box::pin(async { Ok(token) })
///     }
///
///     fn save<'a>(
///         &'a self,
///         key: &'a str,
///         token: Option<&'a SecretString>,
///     ) -> BoxFuture<'a, Result<(), BoxError>> {
///         let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         match token {
///             Some(token) => tokens.insert(key.to_owned(), token.clone()),
///             None => tokens.remove(key),
///         };
///         Box::pin(async { Ok(()) })
///     }
/// }
/// ```
pub trait TokenStore: Send + Sync + 'static {
    /// The refresh token that was saved under `key`, if there is one. The key names identity platform, tenant,
    /// app and user.
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretString>, BoxError>>;

    /// Saves a refresh token under `key`, in place of the one before; `None` removes it.
    fn save<'a>(
        &'a self,
        key: &'a str,
        token: Option<&'a SecretString>,
    ) -> BoxFuture<'a, Result<(), BoxError>>;
}

impl<T: TokenStore + ?Sized> TokenStore for Arc<T> {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretString>, BoxError>> {
        (**self).load(key)
    }

    fn save<'a>(
        &'a self,
        key: &'a str,
        token: Option<&'a SecretString>,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        (**self).save(key, token)
    }
}
