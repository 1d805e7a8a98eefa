//! `Session`: the sign-in of a user, set forth by its refresh token.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Mutex as Turn, OnceCell};

use super::account::Account;
use super::app::App;
use super::grant::Grant;
use super::granted::PERSONAL;
use super::{AccessToken, TokenRequest, TokenStore};
use crate::action::Caller;
use crate::error::Error;

/// What tells who has signed in, and what makes a sign-in last.
const OPENID: &str = "openid profile offline_access";

/// Where it is said who is to sign in.
pub(crate) const NO_NAME: &str =
    "the identity platform does not say who has signed in, and only one user is to";

/// The sign-in of one user. Clones are of the same.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) app: App,
    state: Arc<State>,
    store: Option<Arc<dyn TokenStore>>,
    /// Who is to sign in, where that is known.
    pub(crate) user: Option<String>,
    /// What tells the sign-in from those of others in the store.
    pub(crate) key: Option<String>,
}

#[derive(Default)]
struct State {
    known: Mutex<Known>,
    is_loaded: OnceCell<()>,
    /// Held by the one who asks the user: he is asked one thing at a time.
    prompt: Turn<()>,
}

#[derive(Default)]
struct Known {
    refresh_token: Option<SecretString>,
    account: Option<Account>,
    /// Whether somebody was told that the store does not keep the sign-in.
    is_told: bool,
}

/// What came of a refresh token.
enum Refreshed {
    Token(AccessToken),
    /// It does not do: the user has to sign in, or to consent.
    No(Error),
}

impl Session {
    pub(crate) fn new(app: App) -> Self {
        Self {
            app,
            state: Arc::default(),
            store: None,
            user: None,
            key: None,
        }
    }

    pub(crate) fn set_store(&mut self, store: impl TokenStore) {
        self.store = Some(Arc::new(store));
    }

    pub(crate) fn caller(&self) -> Caller {
        match self.app.tenant() {
            "consumers" | PERSONAL => Caller::Personal,
            _ => Caller::Delegated,
        }
    }

    /// A token by the refresh token at hand, or by `other` if that is no longer good; else the error says why
    /// there is none.
    pub(crate) async fn refresh(
        &self,
        request: TokenRequest<'_>,
        other: &SecretString,
    ) -> Result<AccessToken, Error> {
        self.load(request).await?;
        let used = self.known().refresh_token.clone();
        if let Some(used) = used
            && used.expose_secret() != other.expose_secret()
            && let Refreshed::Token(token) = self.refreshed(request, &used).await?
        {
            return Ok(token);
        }
        match self.refreshed(request, other).await? {
            Refreshed::Token(token) => Ok(token),
            Refreshed::No(error) => Err(error),
        }
    }

    /// A token by the refresh token at hand; else by asking the user.
    pub(crate) async fn token(
        &self,
        request: TokenRequest<'_>,
        prompt: impl AsyncFnOnce(TokenRequest<'_>) -> Result<Grant, Error>,
    ) -> Result<AccessToken, Error> {
        self.load(request).await?;
        let used = self.known().refresh_token.clone();
        let mut why = None;
        if let Some(used) = &used {
            match self.refreshed(request, used).await? {
                Refreshed::Token(token) => return Ok(token),
                Refreshed::No(error) => why = Some(error),
            }
        }
        if !request.may_prompt {
            return Err(why.unwrap_or_else(|| Error::auth("the user has to sign in")));
        }
        let _turn = self.state.prompt.lock().await;
        let request = request.afresh();
        // Who was asked before may have consented to this too.
        let now = self.known().refresh_token.clone();
        let is_used = |now: &SecretString| {
            let used = used.as_ref().map(SecretString::expose_secret);
            used == Some(now.expose_secret())
        };
        if let Some(now) = now.filter(|now| !is_used(now)) {
            match self.refreshed(request, &now).await? {
                Refreshed::Token(token) => return Ok(token),
                Refreshed::No(error) => why = Some(error),
            }
        }
        // What the platform wants of the user, he is asked for.
        let claims = why.as_ref().and_then(Error::claims);
        let request = TokenRequest {
            claims: claims.or(request.claims),
            ..request
        };
        let grant = prompt(request).await?;
        self.keep(&grant, request).await?;
        grant.access_token(request)
    }

    /// The scopes, with those that are of no resource.
    pub(crate) fn scope(&self, request: TokenRequest<'_>) -> String {
        format!("{} {OPENID}", request.scope())
    }

    async fn refreshed(
        &self,
        request: TokenRequest<'_>,
        token: &SecretString,
    ) -> Result<Refreshed, Error> {
        let scope = self.scope(request);
        let parameters = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.expose_secret()),
            ("scope", &scope),
        ];
        match self.app.grant(request, &parameters).await {
            Ok(grant) => {
                self.keep(&grant, request).await?;
                grant.access_token(request).map(Refreshed::Token)
            }
            Err(error) if error.wants_person() => Ok(Refreshed::No(error)),
            Err(error) => Err(error),
        }
    }

    async fn load(&self, request: TokenRequest<'_>) -> Result<(), Error> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        let load = || async {
            match store.load(&self.key(request)).await {
                Ok(None) => Ok(()),
                Ok(saved) => {
                    self.known().refresh_token = saved;
                    Ok(())
                }
                // Who was told once goes on without.
                Err(_) if self.known().is_told => Ok(()),
                Err(source) => {
                    self.known().is_told = request.may_prompt;
                    let what = "the store of sign-ins cannot be read";
                    Err(Error::auth(what).with_source(source))
                }
            }
        };
        self.state.is_loaded.get_or_try_init(load).await.map(drop)
    }

    /// Keeps what sets the sign-in forth, if it is that of the same user.
    async fn keep(&self, grant: &Grant, request: TokenRequest<'_>) -> Result<(), Error> {
        let account = grant.account();
        let token = {
            let mut known = self.known();
            match (account, &self.user) {
                (Some(account), user) => {
                    account.is_expected(known.account.as_ref(), user.as_deref())?;
                    known.account = Some(account);
                }
                (None, Some(_)) => return Err(Error::auth(NO_NAME)),
                (None, None) => {}
            }
            let Some(token) = grant.refresh_token() else {
                return Ok(());
            };
            known.refresh_token = Some(token.clone());
            token
        };
        let Some(store) = &self.store else {
            return Ok(());
        };
        match store.save(&self.key(request), Some(&token)).await {
            // While the token is renewed behind, there is nobody to be told.
            Err(source) if request.may_prompt && !mem::replace(&mut self.known().is_told, true) => {
                let what =
                    "the user has signed in, but the store cannot keep it beyond the program";
                Err(Error::auth(what).with_source(source))
            }
            // Who was told once goes on without.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Where the sign-in is stored.
    fn key(&self, request: TokenRequest<'_>) -> String {
        let app = &self.app;
        let authority = app.authority().unwrap_or(request.authority());
        let key = format!("{authority}/{}/{}", app.tenant(), app.client_id());
        match self.key.as_ref().or(self.user.as_ref()) {
            Some(user) => format!("{key}/{user}"),
            None => key,
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        let known = self.state.known.lock();
        known.unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("app", &self.app)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// What every credential of a user who is asked has.
macro_rules! of_user {
    ($($credential:ident),*) => {$(
        crate::credential::app::of_app!($credential: session.app);

        impl $credential {
            /// Says who is to sign in, as in `adele@contoso.example`: anybody else is refused, and his sign-in is
            /// stored apart from those of others.
            #[must_use]
            pub fn user(mut self, name: impl Into<String>) -> Self {
                self.session.user = Some(name.into());
                self
            }

            /// Keeps the sign-in beyond the end of the program: that of the last user who signed in, unless it is
            /// said [who](Self::user). If the store does not work, one call ends with an error that says so, and
            /// the next ones go on without it.
            #[must_use]
            pub fn store(mut self, store: impl crate::credential::TokenStore) -> Self {
                self.session.set_store(store);
                self
            }
        }

        impl crate::credential::Credential for $credential {
            fn caller(&self) -> Option<crate::action::Caller> {
                Some(self.session.caller())
            }

            fn token<'a>(
                &'a self,
                request: crate::credential::TokenRequest<'a>,
            ) -> crate::transport::BoxFuture<
                'a,
                Result<crate::credential::AccessToken, crate::error::Error>,
            > {
                let prompt = async |request: crate::credential::TokenRequest<'_>| self.ask(request).await;
                Box::pin(self.session.token(request, prompt))
            }

            fn is_interactive(&self) -> bool {
                true
            }

            fn authorities(&self) -> Vec<&str> {
                self.session.app.authority().into_iter().collect()
            }
        }
    )*};
}

pub(crate) use of_user;
