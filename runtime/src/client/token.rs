//! How a client comes by the token of a call.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::Client;
use crate::action::{Caller, Permissions};
use crate::credential::tokens::{Entry, Held};
use crate::credential::{AccessToken, TokenRequest};
use crate::error::Error;
use crate::response::{Origin, deadline};
use crate::retry::Tries;
use crate::trace;

impl Client {
    /// Signs in ahead of the first call, with all of these permissions: a user is asked once, and not whenever a
    /// call needs one more. An app on its own behalf has the permissions that it was granted, whatever is said
    /// here.
    ///
    /// ```no_run
    /// # async fn example(graph: &graph_action::Client) -> Result<(), graph_action::Error> {
    /// graph.sign_in(["User.Read", "Mail.Send"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Auth`](crate::ErrorKind::Auth), when there is no token to be had.
    pub async fn sign_in<I>(&self, permissions: I) -> Result<(), Error>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let permissions: Vec<I::Item> = permissions.into_iter().collect();
        let permissions: Vec<&str> = permissions.iter().map(AsRef::as_ref).collect();
        let needed = match self.user() {
            Some(_) => &*permissions,
            None => &[],
        };
        let entry = self.signed_in.tokens.entry(self.scopes(needed));
        let deadline = deadline(self.settings.timeout);
        match entry.token(Instant::now()) {
            Some(_) => Ok(()),
            None => self.renewed(&entry, deadline).await.map(drop),
        }
    }

    /// The token at hand that opens a call, and the entry that it is of.
    pub(super) fn token_at_hand(&self, origin: &Origin, now: Instant) -> Option<Held> {
        let held = self.held(self.needed(&origin.declaration.permissions), now)?;
        if held.token.is_due(now) {
            self.renew_behind(&held.entry);
        }
        Some(held)
    }

    /// A token for a call that finds none at hand, and the entry that it is of.
    pub(super) async fn token_for(
        &self,
        origin: &Origin,
        tries: &mut Tries<'_>,
    ) -> Result<Held, Error> {
        let needed = self.needed(&origin.declaration.permissions);
        // The least privileged one stands first.
        let least = needed.get(..1).unwrap_or_default();
        let entry = self.signed_in.tokens.entry(self.scopes(least));
        let token = self.renewed_for(&entry, tries).await?;
        Ok(Held { entry, token })
    }

    /// The next token of an entry, for a call. What a person takes of its time is given back.
    pub(super) async fn renewed_for(
        &self,
        entry: &Arc<Entry>,
        tries: &mut Tries<'_>,
    ) -> Result<AccessToken, Error> {
        let since = Instant::now();
        let token = self.renewed(entry, tries.deadline).await;
        if self.signed_in.credential.is_interactive() {
            tries.deadline += since.elapsed();
        }
        token
    }

    /// The permissions that a token of a user is asked for; an app has those that it was granted.
    fn needed(&self, permissions: &Permissions) -> &'static [&'static str] {
        self.user().map_or(&[], |user| permissions.of(user))
    }

    /// The kind of user who calls, if it is one.
    fn user(&self) -> Option<Caller> {
        let caller = self.signed_in.credential.caller()?;
        (caller != Caller::Application).then_some(caller)
    }

    /// The scopes of permissions.
    fn scopes(&self, permissions: &[&str]) -> Vec<String> {
        match &self.settings.resource {
            Some(resource) if !permissions.is_empty() => {
                let permissions = permissions.iter();
                permissions
                    .map(|permission| format!("{resource}{permission}"))
                    .collect()
            }
            _ => self.settings.scopes.clone(),
        }
    }

    /// A token at hand that opens a call.
    fn held(&self, needed: &[&str], now: Instant) -> Option<Held> {
        let resource = self.settings.resource.as_deref();
        self.signed_in
            .tokens
            .held(now, |entry, token| match (needed.first(), resource) {
                (Some(least), Some(resource)) => {
                    let is_least = |scope: &String| scope.strip_prefix(resource) == Some(least);
                    token.has_one_of(needed) || matches!(&*entry.scopes, [scope] if is_least(scope))
                }
                // Of a call that follows from one of another program it is not known what opens it.
                (None, Some(_)) if self.user().is_some() => true,
                _ => entry.scopes == self.settings.scopes,
            })
    }

    /// The token that this caller brings, or the one who has the turn.
    async fn renewed(&self, entry: &Arc<Entry>, deadline: Instant) -> Result<AccessToken, Error> {
        let is_interactive = self.signed_in.credential.is_interactive();
        let since = Instant::now();
        let renewed = async {
            let _turn = entry.turn().await;
            if let Some(token) = entry.token(Instant::now()) {
                return Ok(token);
            }
            match entry.failure(since, is_interactive) {
                Some(error) => Err(error),
                None if is_interactive => self.renew(entry, deadline + since.elapsed(), true).await,
                None => self.renew(entry, deadline, true).await,
            }
        };
        if is_interactive {
            return renewed.await;
        }
        match timeout_at(deadline, renewed).await {
            Ok(token) => token,
            Err(_) => Err(Error::auth("no token came in time")
                .timed_out()
                .with_retry_safe(true)),
        }
    }

    /// Renews a token that is due while it is still used, unless somebody does already.
    fn renew_behind(&self, entry: &Arc<Entry>) {
        if let Some(turn) = entry.turn_behind() {
            let (client, entry) = (self.clone(), Arc::clone(entry));
            tokio::spawn(async move {
                let deadline = deadline(client.settings.timeout);
                // The old token is good until it ends, so that this one failed is no one's error yet.
                let _ = timeout_at(deadline, client.renew(&entry, deadline, false)).await;
                drop(turn);
            });
        }
    }

    async fn renew(
        &self,
        entry: &Entry,
        deadline: Instant,
        may_prompt: bool,
    ) -> Result<AccessToken, Error> {
        let claims = entry.claims();
        let token = self.signed_in.credential.token(TokenRequest {
            scopes: &entry.scopes,
            claims: claims.as_deref(),
            may_prompt,
            deadline,
            platform: &self.settings.platform,
        });
        let token = token.await;
        trace::token(token.is_ok());
        match &token {
            Ok(token) => entry.keep(token, claims.as_deref()),
            Err(error) if !may_prompt => entry.put_off(error),
            // The time of the one who asked is not that of those who wait; that of a person is.
            Err(error) if error.is_timeout() && !self.signed_in.credential.is_interactive() => {}
            Err(error) => entry.fail(error),
        }
        token
    }
}
