//! A 401 of Graph that says which claims the token has to have: continuous access evaluation.
//!
//! See [claims challenges](https://learn.microsoft.com/entra/identity-platform/claims-challenge) and RFC 9110
//! section 11.6.1.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use serde_json::{Map, Value};

/// What a 401 says of the token that it refuses.
pub(crate) enum Challenge {
    /// Nothing: it may be revoked.
    None,
    /// It lacks claims, which are given as JSON.
    Claims(String),
    /// It lacks claims, and which cannot be read: another token would lack them too.
    Malformed,
}

impl Challenge {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        let values: Vec<String> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .filter(|value| speaks_of_claims(value))
            .collect();
        if values.is_empty() {
            return Self::None;
        }
        let claims = values.iter().find_map(|value| claims(value));
        claims.map_or(Self::Malformed, Self::Claims)
    }

    pub(crate) fn claims(self) -> Option<String> {
        match self {
            Self::Claims(claims) => Some(claims),
            Self::None | Self::Malformed => None,
        }
    }
}

fn speaks_of_claims(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    value.contains("insufficient_claims") || value.contains("claims=")
}

fn claims(value: &str) -> Option<String> {
    let challenges = http_auth::parse_challenges(value).ok()?;
    challenges.iter().find_map(|challenge| {
        let parameter = |name: &str| {
            let mut parameters = challenge.params.iter();
            let (_, value) = parameters.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
            Some(value.to_unescaped())
        };
        let is_of_token = challenge.scheme.eq_ignore_ascii_case("Bearer")
            && parameter("error").as_deref() == Some("insufficient_claims");
        decode(&parameter("claims").filter(|_| is_of_token)?)
    })
}

/// JSON in base64: that of URLs and the other one have been seen, with padding and without.
fn decode(text: &str) -> Option<String> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    let json = GeneralPurpose::new(alphabet, config).decode(text).ok()?;
    let claims: Map<String, Value> = serde_json::from_slice(&json).ok()?;
    let is_of_token = claims.get("access_token").is_none_or(Value::is_object);
    (is_of_token && !claims.is_empty()).then(|| Value::from(claims).to_string())
}
