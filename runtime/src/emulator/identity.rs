//! The token endpoint of the Microsoft identity platform.

use std::collections::HashMap;

use http::{Method, StatusCode};
use jsonwebtoken::{Algorithm, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use super::server::{Answer, Incoming, Service, new_id};
use super::user::{self, Asked, USER_ID, USER_NAME};

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
    /// The user: her id in the tenant, for the app, and her name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    oid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
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
        let of_user = |value: &str| (idtyp == "user").then(|| value.to_owned());
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
            oid: of_user(USER_ID),
            sub: of_user(USER_ID),
            preferred_username: of_user(USER_NAME),
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
    verify_for(service, token, &service.root)
}

fn verify_for(
    service: &Service,
    token: &str,
    audience: &str,
) -> jsonwebtoken::errors::Result<Claims> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = 0;
    // RFC 7519 section 4.1.4: not on `exp` itself either.
    validation.reject_tokens_expiring_in_less_than = 1;
    validation.validate_nbf = true;
    validation.set_audience(&[audience]);
    decode(token, &service.verifying_key, &validation).map(|token| token.claims)
}

pub(super) fn user_token(service: &Service, scopes: &[&str]) -> String {
    let mut claims = Claims::new(service, "user", &service.root);
    claims.scp = scopes.join(" ");
    claims.sign(service)
}

/// A token of the user for the app's own web API.
pub(super) fn api_token(service: &Service) -> String {
    let mut claims = Claims::new(service, "user", &service.client_id);
    "access_as_user".clone_into(&mut claims.scp);
    claims.sign(service)
}

/// Answers `POST /{tenant}/oauth2/v2.0/token`.
pub(super) fn token(service: &Service, tenant: &str, incoming: &Incoming) -> Answer {
    match grant(service, tenant, incoming) {
        Ok(Granted {
            token,
            scope,
            id_token,
            refresh_token,
        }) => {
            let lifetime = service.token_lifetime.as_secs();
            let mut grant = json!({
                "token_type": "Bearer",
                "expires_in": lifetime,
                "ext_expires_in": lifetime,
                "access_token": token,
            });
            if let Some(scope) = scope {
                grant["scope"] = scope.into();
            }
            for (name, token) in [("id_token", id_token), ("refresh_token", refresh_token)] {
                if let Some(token) = token {
                    grant[name] = token.into();
                }
            }
            (StatusCode::OK, Some(grant))
        }
        Err(refusal) => refusal.answer(),
    }
}

/// Answers `POST /{tenant}/oauth2/v2.0/devicecode`.
pub(super) fn device_code(service: &Service, tenant: &str, incoming: &Incoming) -> Answer {
    let begun = Form::read(service, tenant, incoming).and_then(|form| {
        let asked = Asked::read(service, form.parameter("scope")?)?;
        Ok(service.sign_ins().begin_device(asked))
    });
    let device = match begun {
        Ok(device) => device,
        Err(refusal) => return refusal.answer(),
    };
    let page = format!("{}/devicelogin", service.root);
    let answer = json!({
        "device_code": device.code,
        "user_code": device.user_code,
        "verification_uri": page,
        "expires_in": 900,
        "interval": 1,
        "message": format!(
            "To sign in, use a web browser to open the page {page} and enter the code {} to authenticate.",
            device.user_code
        ),
    });
    (StatusCode::OK, Some(answer))
}

/// What the token endpoint gives.
struct Granted {
    token: String,
    scope: Option<String>,
    id_token: Option<String>,
    refresh_token: Option<String>,
}

/// The form of a request, of the app in its tenant.
struct Form(HashMap<String, String>);

impl Form {
    fn read(service: &Service, tenant: &str, incoming: &Incoming) -> Result<Self, Refusal> {
        if incoming.method != Method::POST
            || incoming.content_type().as_deref() != Some("application/x-www-form-urlencoded")
        {
            return Err(Refusal::new(
                900_561,
                "invalid_request",
                "The endpoint only accepts POST requests. Received a request of another kind.",
            ));
        }
        let form = form_urlencoded::parse(&incoming.body).into_owned();
        let form = Self(form.collect());
        is_app(service, tenant, form.parameter("client_id")?)?;
        Ok(form)
    }

    fn parameter(&self, name: &str) -> Result<&str, Refusal> {
        let value = self.0.get(name).filter(|value| !value.is_empty());
        value.map(String::as_str).ok_or_else(|| {
            let message =
                format!("The request body must contain the following parameter: '{name}'.");
            Refusal::new(900_144, "invalid_request", message)
        })
    }

    /// Checks the secret, without which the app is a public client.
    fn check_secret(&self, service: &Service, is_needed: bool) -> Result<(), Refusal> {
        match self.0.get("client_secret") {
            Some(secret) if *secret == service.client_secret => Ok(()),
            Some(_) => {
                let message = format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request is the \
                     client secret value, not the client secret ID, for a secret added to app '{}'.",
                    service.client_id
                );
                Err(Refusal::new(7_000_215, "invalid_client", message))
            }
            None if is_needed => Err(Refusal::new(
                7_000_218,
                "invalid_client",
                "The request body must contain the following parameter: 'client_assertion' or \
                 'client_secret'.",
            )),
            None => Ok(()),
        }
    }
}

/// Checks tenant and app.
pub(super) fn is_app(service: &Service, tenant: &str, client_id: &str) -> Result<(), Refusal> {
    if tenant != service.tenant_id {
        let message = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are \
             signing into the correct cloud. Check with your subscription administrator, this may happen \
             if there are no active subscriptions for the tenant."
        );
        return Err(Refusal::new(90_002, "invalid_request", message));
    }
    if client_id != service.client_id {
        let message = format!(
            "Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can \
             happen if the application has not been installed by the administrator of the tenant or \
             consented to by any user in the tenant. You may have sent your authentication request to the \
             wrong tenant."
        );
        return Err(Refusal::new(700_016, "unauthorized_client", message));
    }
    Ok(())
}

fn grant(service: &Service, tenant: &str, incoming: &Incoming) -> Result<Granted, Refusal> {
    let form = Form::read(service, tenant, incoming)?;
    match form.parameter("grant_type")? {
        "client_credentials" => {
            form.check_secret(service, true)?;
            let resource = resource(service, form.parameter("scope")?)?;
            let mut claims = Claims::new(service, "app", resource);
            claims.roles.clone_from(&service.roles);
            Ok(Granted {
                token: claims.sign(service),
                scope: None,
                id_token: None,
                refresh_token: None,
            })
        }
        "urn:ietf:params:oauth:grant-type:device_code" => {
            form.check_secret(service, false)?;
            let code = form.parameter("device_code")?;
            let asked = service.sign_ins().redeem_device(code)?;
            Ok(of_user(service, &asked))
        }
        "authorization_code" => {
            form.check_secret(service, false)?;
            let verifier = form.parameter("code_verifier")?;
            let redirect = form.parameter("redirect_uri")?;
            let code = form.parameter("code")?;
            let asked = service.sign_ins().redeem_code(code, verifier, redirect)?;
            Ok(of_user(service, &asked))
        }
        "refresh_token" => {
            form.check_secret(service, false)?;
            let asked = Asked::read(service, form.parameter("scope")?)?;
            let token = form.parameter("refresh_token")?;
            service.sign_ins().refresh(token, &asked.permissions)?;
            Ok(of_user(service, &asked))
        }
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
            form.check_secret(service, true)?;
            let assertion = form.parameter("assertion")?;
            let asked = Asked::read(service, form.parameter("scope")?)?;
            verify_for(service, assertion, &service.client_id).map_err(|_| {
                Refusal::new(
                    500_131,
                    "invalid_grant",
                    "Assertion audience does not match the Client app presenting the assertion. The \
                     audience in the assertion should be the app, or the assertion is malformed or expired.",
                )
            })?;
            service.sign_ins().consented(&asked.permissions)?;
            Ok(of_user(service, &asked))
        }
        other => {
            let message = format!("The app requested an unsupported grant type '{other}'.");
            Err(Refusal::new(70_003, "unsupported_grant_type", message))
        }
    }
}

/// A token with all that the user has consented to, as the platform gives it.
fn of_user(service: &Service, asked: &Asked) -> Granted {
    let mut sign_ins = service.sign_ins();
    let consents: Vec<&str> = sign_ins.consents().collect();
    Granted {
        token: user_token(service, &consents),
        scope: Some(consents.join(" ")),
        id_token: asked
            .has_id
            .then(|| Claims::new(service, "user", &service.client_id).sign(service)),
        refresh_token: asked.is_lasting.then(|| sign_ins.new_refresh_token()),
    }
}

/// The resource of a `.default` scope.
fn resource<'a>(service: &Service, scope: &'a str) -> Result<&'a str, Refusal> {
    let Some(resource) = scope.strip_suffix("/.default") else {
        let message = format!(
            "The provided value for scope {scope} is not valid. Client credential flows must have a scope \
             value with /.default suffixed to the resource identifier (application ID URI)."
        );
        return Err(Refusal::new(1_002_012, "invalid_scope", message));
    };
    if resource != service.root && resource != AZURE {
        let tenant = &service.tenant_id;
        let message = format!(
            "The resource principal named {resource} was not found in the tenant named {tenant}. This can \
             happen if the application has not been installed by the administrator of the tenant or \
             consented to by any user in the tenant. You might have sent your authentication request to \
             the wrong tenant."
        );
        return Err(Refusal::new(500_011, "invalid_resource", message));
    }
    Ok(resource)
}

/// The permissions of Graph that a scope asks for on behalf of a user.
pub(super) fn permissions(service: &Service, scope: &str) -> Result<Vec<String>, Refusal> {
    let scopes = scope
        .split_whitespace()
        .filter(|scope| !user::OPENID.contains(scope));
    let own = |scope: &str| {
        scope
            .strip_prefix(&service.root)?
            .strip_prefix('/')
            .map(str::to_owned)
    };
    let permissions = scopes.map(|scope| {
        own(scope).ok_or_else(|| {
            let message = format!(
                "The provided value for the input parameter 'scope' is not valid. The scope '{scope}' does \
                 not exist."
            );
            Refusal::new(70_011, "invalid_scope", message)
        })
    });
    permissions.collect()
}

/// An error of the identity platform; see
/// [its codes](https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
pub(super) struct Refusal {
    number: u32,
    error: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(number: u32, error: &'static str, message: impl Into<String>) -> Self {
        Self {
            number,
            error,
            message: message.into(),
        }
    }

    /// How a browser is told.
    pub(super) fn words(&self) -> String {
        format!("AADSTS{}: {}", self.number, self.message)
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
