//! The token endpoint of the Microsoft identity platform.

use std::collections::HashMap;

use http::{Method, StatusCode};
use jsonwebtoken::{Algorithm, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use super::server::{Answer, Incoming, Service, new_id};

/// A service that every tenant has, besides Graph: tokens for it are no use here.
const AZURE: &str = "https://management.azure.com";

/// What a token says, under the names that Microsoft's access tokens use.
#[derive(Serialize, Deserialize)]
pub(super) struct Claims {
    aud: String,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    appid: String,
    tid: String,
    /// `app` without a user, else `user`.
    idtyp: String,
    /// The permissions of an app without a user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<String>,
    /// The permissions on behalf of a user, with spaces between them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) scp: String,
}

impl Claims {
    pub(super) fn is_app(&self) -> bool {
        self.idtyp == "app"
    }

    fn new(service: &Service, idtyp: &str, audience: &str) -> Self {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let lifetime = i64::try_from(service.token_lifetime.as_secs()).unwrap_or(i64::MAX);
        Self {
            aud: audience.to_owned(),
            iss: format!("{}/{}/v2.0", service.root, service.tenant_id),
            iat: now,
            nbf: now,
            // A second more for the fraction of the present one; none for a token that has none.
            exp: now
                .saturating_add(lifetime)
                .saturating_add(i64::from(lifetime > 0)),
            appid: service.client_id.clone(),
            tid: service.tenant_id.clone(),
            idtyp: idtyp.to_owned(),
            roles: Vec::new(),
            scp: String::new(),
        }
    }

    fn sign(&self, service: &Service) -> String {
        // HS256 over plain data: neither the key nor the claims can be wrong.
        encode(&Header::new(Algorithm::HS256), self, &service.signing_key).unwrap_or_default()
    }
}

/// Reads and checks a bearer token of Graph.
pub(super) fn verify(service: &Service, token: &str) -> jsonwebtoken::errors::Result<Claims> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = 0;
    // RFC 7519 section 4.1.4: not on `exp` itself either.
    validation.reject_tokens_expiring_in_less_than = 1;
    validation.validate_nbf = true;
    validation.set_audience(&[&service.root]);
    decode(token, &service.verifying_key, &validation).map(|token| token.claims)
}

pub(super) fn user_token(service: &Service, scopes: &[&str]) -> String {
    let mut claims = Claims::new(service, "user", &service.root);
    claims.scp = scopes.join(" ");
    claims.sign(service)
}

/// Answers `POST /{tenant}/oauth2/v2.0/token`.
pub(super) fn token(service: &Service, tenant: &str, incoming: &Incoming) -> Answer {
    match grant(service, tenant, incoming) {
        Ok(token) => {
            let lifetime = service.token_lifetime.as_secs();
            let grant = json!({
                "token_type": "Bearer",
                "expires_in": lifetime,
                "ext_expires_in": lifetime,
                "access_token": token,
            });
            (StatusCode::OK, Some(grant))
        }
        Err(refusal) => refusal.answer(),
    }
}

fn grant(service: &Service, tenant: &str, incoming: &Incoming) -> Result<String, Refusal> {
    if incoming.method != Method::POST
        || incoming.content_type().as_deref() != Some("application/x-www-form-urlencoded")
    {
        return Err(Refusal::new(
            900_561,
            "invalid_request",
            "The endpoint only accepts POST requests. Received a request of another kind.",
        ));
    }
    let form: HashMap<_, _> = form_urlencoded::parse(&incoming.body)
        .into_owned()
        .collect();
    let parameter = |name: &str| {
        let value = form.get(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| {
            let message =
                format!("The request body must contain the following parameter: '{name}'.");
            Refusal::new(900_144, "invalid_request", message)
        })
    };
    if tenant != service.tenant_id {
        let message = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are \
             signing into the correct cloud. Check with your subscription administrator, this may happen \
             if there are no active subscriptions for the tenant."
        );
        return Err(Refusal::new(90_002, "invalid_request", message));
    }
    let grant_type = parameter("grant_type")?;
    if grant_type != "client_credentials" {
        let message = format!("The app requested an unsupported grant type '{grant_type}'.");
        return Err(Refusal::new(70_003, "unsupported_grant_type", message));
    }
    let client_id = parameter("client_id")?;
    if *client_id != service.client_id {
        let message = format!(
            "Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can \
             happen if the application has not been installed by the administrator of the tenant or \
             consented to by any user in the tenant. You may have sent your authentication request to the \
             wrong tenant."
        );
        return Err(Refusal::new(700_016, "unauthorized_client", message));
    }
    let Some(secret) = form.get("client_secret") else {
        return Err(Refusal::new(
            7_000_218,
            "invalid_client",
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        ));
    };
    if *secret != service.client_secret {
        let message = format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client \
             secret value, not the client secret ID, for a secret added to app '{client_id}'."
        );
        return Err(Refusal::new(7_000_215, "invalid_client", message));
    }
    let scope = parameter("scope")?;
    let Some(resource) = scope.strip_suffix("/.default") else {
        let message = format!(
            "The provided value for scope {scope} is not valid. Client credential flows must have a scope \
             value with /.default suffixed to the resource identifier (application ID URI)."
        );
        return Err(Refusal::new(1_002_012, "invalid_scope", message));
    };
    if resource != service.root && resource != AZURE {
        let message = format!(
            "The resource principal named {resource} was not found in the tenant named {tenant}. This can \
             happen if the application has not been installed by the administrator of the tenant or \
             consented to by any user in the tenant. You might have sent your authentication request to \
             the wrong tenant."
        );
        return Err(Refusal::new(500_011, "invalid_resource", message));
    }
    let mut claims = Claims::new(service, "app", resource);
    claims.roles.clone_from(&service.roles);
    Ok(claims.sign(service))
}

/// An error of the identity platform; see
/// [its codes](https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
struct Refusal {
    number: u32,
    error: &'static str,
    message: String,
}

impl Refusal {
    fn new(number: u32, error: &'static str, message: impl Into<String>) -> Self {
        Self {
            number,
            error,
            message: message.into(),
        }
    }

    fn answer(self) -> Answer {
        let Self {
            number,
            error,
            message,
        } = self;
        let status = match error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        let (trace_id, correlation_id) = (new_id(), new_id());
        let now = OffsetDateTime::now_utc();
        let timestamp = format!(
            "{} {:02}:{:02}:{:02}Z",
            now.date(),
            now.hour(),
            now.minute(),
            now.second()
        );
        let body = json!({
            "error": error,
            "error_description": format!(
                "AADSTS{number}: {message} Trace ID: {trace_id} Correlation ID: {correlation_id} \
                 Timestamp: {timestamp}"
            ),
            "error_codes": [number],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
        });
        (status, Some(body))
    }
}
