//! What a token of Graph says of itself, to explain a refusal.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::action::Caller;
use crate::credential::AccessToken;

/// The tenant that all personal accounts are in, after
/// [ID token claims](https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference).
pub(crate) const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The permissions in a token, and whose they are.
pub(crate) struct Granted {
    pub(crate) caller: Caller,
    pub(crate) permissions: Vec<String>,
}

/// The claims of an
/// [access token](https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference).
#[derive(Deserialize)]
struct Claims {
    /// The permissions of an app on behalf of a user, with spaces in between.
    scp: Option<String>,
    /// The permissions of an app on its own behalf.
    #[serde(default)]
    roles: Vec<String>,
    tid: Option<String>,
}

/// What a signed token says: RFC 7519 section 3.
pub(crate) fn claims<T: DeserializeOwned>(token: &[u8]) -> Option<T> {
    let payload = token.split(|byte| *byte == b'.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

impl Granted {
    /// Reads a token, unverified, since it only explains. Tokens are opaque to a client by their contract, so
    /// one that cannot be read is no error.
    pub(crate) fn read(token: &AccessToken) -> Option<Self> {
        let claims: Claims = claims(token.bearer().as_bytes().strip_prefix(b"Bearer ")?)?;
        Some(match claims.scp {
            Some(scopes) => Self {
                caller: if claims.tid.as_deref() == Some(PERSONAL) {
                    Caller::Personal
                } else {
                    Caller::Delegated
                },
                permissions: scopes.split_whitespace().map(str::to_owned).collect(),
            },
            None => Self {
                caller: Caller::Application,
                permissions: claims.roles,
            },
        })
    }
}
