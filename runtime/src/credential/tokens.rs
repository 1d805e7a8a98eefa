//! `Tokens`: those at hand, and who renews them.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use tokio::time::Instant;

use crate::credential::AccessToken;
use crate::error::Error;

/// How long a refusal is remembered, and how long that of a platform which asks to wait.
const MEMORY: Duration = Duration::from_secs(5);
const LONGEST_MEMORY: Duration = Duration::from_secs(60);

/// How long it is left at that, when a token could not be renewed ahead of its end.
const PAUSE: Duration = Duration::from_secs(30);

/// For how many users tokens are kept at most, and from how many on those that have ended are looked for.
const MAX_USERS: usize = 10_000;
const MIN_USERS: usize = 100;

/// The tokens of one credential: an entry for each set of scopes.
#[derive(Default)]
pub(crate) struct Tokens {
    entries: RwLock<Vec<Arc<Entry>>>,
}

impl Tokens {
    /// A token that is good, of the scopes or of one of the permissions.
    pub(crate) fn held(
        &self,
        now: Instant,
        opens: impl Fn(&Entry, &AccessToken) -> bool,
    ) -> Option<Held> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.iter().find_map(|entry| {
            let token = entry.token(now)?;
            opens(entry, &token).then(|| Held {
                entry: Arc::clone(entry),
                token,
            })
        })
    }

    /// The entry of scopes, which may be in any order.
    pub(crate) fn entry(&self, mut scopes: Vec<String>) -> Arc<Entry> {
        scopes.sort_unstable();
        scopes.dedup();
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.iter().find(|entry| entry.scopes == scopes) {
            return Arc::clone(entry);
        }
        let entry = Arc::new(Entry {
            scopes,
            state: Mutex::default(),
            turn: Arc::default(),
        });
        entries.push(Arc::clone(&entry));
        entry
    }

    /// Drops a token that was refused, unless another has taken its place, and keeps what the next one has to
    /// have.
    pub(crate) fn forget(&self, refused: &AccessToken, claims: Option<String>) {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        for entry in &*entries {
            let mut state = entry.state();
            if state.token.take_if(|token| token == refused).is_some() {
                state.claims.clone_from(&claims);
            }
        }
    }

    fn is_empty(&self) -> bool {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        entries.iter().all(|entry| entry.token(now).is_none())
    }
}

/// A token, and the entry that it is of.
pub(crate) struct Held {
    pub(crate) entry: Arc<Entry>,
    pub(crate) token: AccessToken,
}

/// The token of a set of scopes.
pub(crate) struct Entry {
    pub(crate) scopes: Vec<String>,
    state: Mutex<State>,
    /// Held by the one who renews the token.
    turn: Arc<Turn<()>>,
}

#[derive(Default)]
struct State {
    token: Option<AccessToken>,
    /// What the next token has to have.
    claims: Option<String>,
    failure: Option<Failure>,
    /// Until when it is not renewed again while it is used.
    not_before: Option<Instant>,
}

struct Failure {
    error: Error,
    at: Instant,
}

impl Failure {
    fn memory(&self) -> Duration {
        let wait = self.error.retry_after().unwrap_or_default();
        wait.clamp(MEMORY, LONGEST_MEMORY)
    }
}

impl Entry {
    /// The turn to renew the token, when those before had theirs; it passes on if it is dropped.
    pub(crate) async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// The turn to renew the token while it is still used, if it is time and nobody has it.
    pub(crate) fn turn_behind(&self) -> Option<OwnedMutexGuard<()>> {
        let mut state = self.state();
        let now = Instant::now();
        let is_soon = state.not_before.is_some_and(|then| now < then);
        if is_soon || !state.token.as_ref().is_some_and(|token| token.is_due(now)) {
            return None;
        }
        let turn = Arc::clone(&self.turn).try_lock_owned().ok()?;
        state.not_before = Some(now + PAUSE);
        Some(turn)
    }

    /// The token, while it is good.
    pub(crate) fn token(&self, now: Instant) -> Option<AccessToken> {
        self.state()
            .token
            .as_ref()
            .filter(|token| token.is_good(now))
            .cloned()
    }

    /// What the token that is asked for next has to have.
    pub(crate) fn claims(&self) -> Option<String> {
        self.state().claims.clone()
    }

    /// Why the last attempt failed, for who waited for it, and for a while for others too, unless it is a person
    /// who can try again at once.
    pub(crate) fn failure(&self, since: Instant, is_interactive: bool) -> Option<Error> {
        let state = self.state();
        let failure = state.failure.as_ref()?;
        let is_told =
            since < failure.at || !is_interactive && failure.at.elapsed() < failure.memory();
        is_told.then(|| failure.error.clone())
    }

    /// Keeps a token that was asked for with `claims`; one without those that are wanted by now is none.
    pub(crate) fn keep(&self, token: &AccessToken, claims: Option<&str>) {
        let mut state = self.state();
        if state.claims.as_deref() == claims {
            state.token = Some(token.clone());
            state.claims = None;
            state.failure = None;
        }
    }

    /// Keeps that there is no token, for who waits for it. The next one is asked for without the claims that this one
    /// could not be had with: Graph says it if they are wanted still.
    pub(crate) fn fail(&self, error: &Error) {
        let mut state = self.state();
        state.claims = None;
        state.failure = Some(Failure {
            error: error.clone(),
            at: Instant::now(),
        });
    }

    /// Puts off the next renewal ahead of the end, after one that failed.
    pub(crate) fn put_off(&self, error: &Error) {
        let wait = error.retry_after().unwrap_or_default().max(PAUSE);
        self.state().not_before = Instant::now().checked_add(wait);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

/// The tokens of all users whose clients were made of one another.
#[derive(Default)]
pub(crate) struct Users(Mutex<Known>);

#[derive(Default)]
struct Known {
    tokens: HashMap<Identity, Arc<Tokens>>,
    /// At how many those are dropped whose tokens have ended.
    prune_at: usize,
}

/// Who a user is: the token that he called with, most often.
struct Identity(SecretString);

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for Identity {}

impl Hash for Identity {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.expose_secret().hash(hasher);
    }
}

impl Users {
    /// The tokens of a user, or of whoever has no name.
    pub(crate) fn tokens(&self, identity: Option<SecretString>) -> Arc<Tokens> {
        let Some(identity) = identity.map(Identity) else {
            return Arc::default();
        };
        let mut known = locked(&self.0);
        if known.tokens.len() >= known.prune_at && !known.tokens.contains_key(&identity) {
            // One that somebody holds may be about to get its token.
            let is_used =
                |tokens: &Arc<Tokens>| Arc::strong_count(tokens) > 1 || !tokens.is_empty();
            known.tokens.retain(|_, tokens| is_used(tokens));
            if known.tokens.len() >= MAX_USERS {
                known.tokens.clear();
            }
            known.prune_at = (2 * known.tokens.len()).clamp(MIN_USERS, MAX_USERS);
        }
        Arc::clone(known.tokens.entry(identity).or_default())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
