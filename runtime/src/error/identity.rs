//! What the identity platform says of an error, and what to do about it.
//!
//! See [its codes](https://learn.microsoft.com/entra/identity-platform/reference-error-codes).

use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::{Error, SignIn};
use crate::retry;

/// The body of an error, after [RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) and
/// with the platform's own properties.
#[derive(Deserialize, Default)]
struct Refusal {
    error: Option<String>,
    error_description: Option<String>,
    trace_id: Option<String>,
    correlation_id: Option<String>,
    claims: Option<String>,
}

impl Error {
    /// The error that the identity platform answered with. A body that is none of its own leaves the status.
    pub(crate) fn identity(
        service: &str,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Self {
        let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
        let mut error = Self::refusal(service, refusal);
        error.0.status = Some(status);
        error.0.date = retry::date(headers);
        error.0.retry_after = retry::retry_after(headers);
        error
    }

    /// The error that it sent a browser back with: RFC 6749 section 4.1.2.1.
    #[cfg(feature = "browser")]
    pub(crate) fn sent_back(error: String, description: Option<String>) -> Self {
        Self::refusal(
            "the identity platform",
            Refusal {
                error: Some(error),
                error_description: description,
                ..Refusal::default()
            },
        )
    }

    fn refusal(service: &str, refusal: Refusal) -> Self {
        let mut error = Self::auth(format!("{service} gave no token"));
        let description = refusal.error_description.unwrap_or_default();
        // "AADSTS7000215: Invalid client secret provided. ... Trace ID: ...", on one line or several.
        let text = description.split("Trace ID: ").next().unwrap_or_default();
        let (code, message) = match text.trim().split_once(": ") {
            Some((code, message)) if is_code(code) => (Some(code.to_owned()), message),
            _ => (refusal.error.clone(), text.trim()),
        };
        error.0.message = Some(message.to_owned()).filter(|message| !message.is_empty());
        error.0.request_id = refusal.trace_id;
        error.0.client_request_id = refusal.correlation_id;
        error.0.sign_in = SignIn {
            mend: code.as_deref().and_then(mend),
            oauth_error: refusal.error,
            claims: refusal.claims.filter(|claims| !claims.is_empty()),
            is_unavailable: false,
        };
        error.0.code = code;
        error
    }

    /// Whether a person can mend it by signing in again, or by consenting.
    pub(crate) fn wants_person(&self) -> bool {
        match self.oauth_error() {
            Some(
                "invalid_grant" | "interaction_required" | "consent_required" | "login_required",
            ) => true,
            // Of more than was consented to, RFC 6749 section 6; with a code of the platform's own it is one that
            // does not exist.
            Some("invalid_scope") => self.code() == Some("invalid_scope"),
            _ => false,
        }
    }
}

fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix("AADSTS");
    digits.is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// What to do about a code: what is wrong is in the message of the platform already.
fn mend(code: &str) -> Option<&'static str> {
    Some(match code.strip_prefix("AADSTS").unwrap_or(code) {
        "7000215" => {
            "the client secret is wrong: take the value of the secret, not its id, and that of this app"
        }
        "7000222" => {
            "the client secret has expired: make another for the app registration, under Certificates & secrets"
        }
        "90002" | "900023" => {
            "there is no such tenant in this cloud: check the tenant id or domain, and the cloud"
        }
        "700016" => {
            "the tenant does not know this app: check client id and tenant, and that the app is installed in it"
        }
        "7000112" => "the app is disabled in this tenant: an administrator has to enable it",
        "50194" => "the app is of one tenant: name that tenant instead of `common`",
        "500011" => {
            "the tenant does not know the service that the token is for: check the cloud and the scope"
        }
        "70011" | "1002012" => {
            "the scope is wrong: an app on its own behalf asks for `/.default`, and a user for permissions that exist"
        }
        "65001" | "consent_required" => {
            "consent is missing: let the user sign in and consent, or an administrator consent for all"
        }
        "65004" | "access_denied" | "authorization_declined" => {
            "the user declined: ask again, and say what the permission is for"
        }
        "90094" | "90095" => "an administrator has to consent to this permission",
        "50074" | "50076" | "50079" | "50158" | "interaction_required" => {
            "another factor is asked for: the user has to sign in interactively"
        }
        "53000" | "53001" | "53002" | "53003" | "53004" | "530002" | "530003" => {
            "conditional access forbids it: an administrator sees in the sign-in logs which policy does, and why"
        }
        "50020" => {
            "the account is of another tenant: sign in with one of this tenant, or have it invited"
        }
        "50034" => "the tenant does not know this user: check the account and the tenant",
        "50105" => "the user is not assigned to the app: an administrator can assign him",
        "50057" => "the account of the user is disabled",
        "50126" => "user name or password are wrong",
        "50055" => "the password of the user has expired",
        "50173" | "70008" | "70043" | "700082" | "700084" | "50132" | "50133" => {
            "the sign-in is no longer good: the user has to sign in again"
        }
        "70019" | "70020" | "expired_token" => {
            "the code has expired before the user signed in: ask him again"
        }
        "54005" => "the authorization code was used already: the user has to sign in again",
        "50011" => {
            "the redirect address is not registered: add `http://localhost` to the app, as one of \"Mobile and desktop applications\""
        }
        "700025" => {
            "the app is a public client, and proves nothing: leave out its secret or certificate"
        }
        "7000218" => {
            "the app has to allow public client flows for a sign-in without a secret: app registration, Authentication"
        }
        "700027" => {
            "the certificate is not registered with the app: upload it under Certificates & secrets, and check the clock"
        }
        "700024" => {
            "the assertion is not good now: check the clock of this machine, and who issues the assertion"
        }
        "70021" | "700211" | "700212" | "700213" => {
            "no federated credential of the app fits the assertion: compare its issuer, subject and audience"
        }
        "500131" => {
            "the user's token is not for this app: a web API exchanges the token that was issued to itself"
        }
        "50013" | "500133" => {
            "the user's token has expired or is not for this app: a web API answers 401, so that its caller brings another"
        }
        _ => return None,
    })
}
