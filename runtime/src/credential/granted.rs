//! What a token of Graph says of itself, to explain a refusal.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

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

impl Granted {
    /// Reads a token, unverified, since it only explains. Tokens are opaque to a client by their contract, so
    /// one that cannot be read is no error.
    pub(crate) fn read(token: &AccessToken) -> Option<Self> {
        let token = token.bearer().as_bytes().strip_prefix(b"Bearer ")?;
        let payload = token.split(|byte| *byte == b'.').nth(1)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let claims: Claims = serde_json::from_slice(&payload).ok()?;
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
