//! The token at hand, and who renews it.

use std::sync::{PoisonError, RwLock};

use tokio::sync::Mutex;

use crate::credential::AccessToken;
use crate::error::Error;

/// Holds the token of a client.
#[derive(Default)]
pub(crate) struct Cache {
    token: RwLock<Option<AccessToken>>,
    /// Held by the one who renews the token.
    turn: Mutex<()>,
}

impl Cache {
    /// The token at hand, or the one that `renew` brings. Of several callers one renews, and the others
    /// wait for its token; if it is dropped, the next one takes its place.
    pub(crate) async fn token(
        &self,
        renew: impl Future<Output = Result<AccessToken, Error>>,
    ) -> Result<AccessToken, Error> {
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let _turn = self.turn.lock().await;
        // Whoever had the turn before may have renewed it.
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let token = renew.await?;
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    /// Drops a token that was refused, unless another has taken its place.
    pub(crate) fn forget(&self, refused: &AccessToken) {
        let mut token = self.token.write().unwrap_or_else(PoisonError::into_inner);
        token.take_if(|token| token == refused);
    }

    fn fresh(&self) -> Option<AccessToken> {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner);
        token.as_ref().filter(|token| token.is_fresh()).cloned()
    }
}
