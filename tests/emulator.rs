//! Does the embedded service check what the real ones check, and refuse with their errors? Spoken to
//! in raw HTTP, since a client of this project would not say what it has to refuse.

use std::time::Duration;

use graph_action::emulator::Emulator;
use graph_action_tests::{emulator, exchange, watched};
use serde_json::{Value, json};

const PROFILES: &str = "/beta/deviceManagement/androidForWorkEnrollmentProfiles";
const READ_WRITE: &str = "DeviceManagementConfiguration.ReadWrite.All";

/// An answer, taken apart.
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let prefix = format!("{name}: ");
        let line = self.head.lines().find(|line| line.starts_with(&prefix));
        &line.unwrap_or_else(|| panic!("no {name} in {}", self.head))[prefix.len()..]
    }

    /// An error of Graph: its status, its code and how its message begins.
    #[track_caller]
    fn is_refusal(&self, status: u16, code: &str, message: &str) {
        let error = &self.body["error"];
        assert_eq!(
            (self.status, error["code"].as_str()),
            (status, Some(code)),
            "{error}"
        );
        assert!(
            error["message"].as_str().unwrap().starts_with(message),
            "{error}"
        );
        assert_eq!(error["innerError"]["request-id"], self.header("request-id"));
        assert_eq!(
            error["innerError"]["client-request-id"],
            self.header("client-request-id")
        );
    }
}

async fn send(emulator: &Emulator, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    let root = emulator.root().to_owned();
    let text = tokio::task::spawn_blocking(move || exchange(&root, &request))
        .await
        .unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let answer = Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(body).unwrap()
        },
    };
    // What every answer has.
    for name in ["request-id", "client-request-id", "date"] {
        assert!(!answer.header(name).is_empty());
    }
    answer
}

/// A form for the token endpoint: what is right, with one parameter changed or left out.
async fn ask(emulator: &Emulator, tenant: &str, name: &str, value: Option<&str>) -> Answer {
    let scope = format!("{}/.default", emulator.root());
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", emulator.client_id()),
        ("client_secret", emulator.client_secret()),
        ("scope", &scope),
    ];
    form.retain(|(known, _)| *known != name);
    form.extend(value.map(|value| (name, value)));
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    send(
        emulator,
        &format!("POST /{tenant}/oauth2/v2.0/token"),
        &form,
        &body,
    )
    .await
}

async fn token_of(emulator: &Emulator) -> String {
    let answer = ask(emulator, emulator.tenant_id(), "", None).await;
    assert_eq!(answer.status, 200);
    format!("Bearer {}", answer.body["access_token"].as_str().unwrap())
}

/// A call with a token and JSON.
async fn call(emulator: &Emulator, bearer: &str, line: &str, body: &str) -> Answer {
    let headers = [
        ("authorization", bearer),
        ("content-type", "application/json"),
    ];
    send(emulator, line, &headers, body).await
}

#[tokio::test]
async fn a_token_is_granted_for_the_right_secret() {
    let emulator = emulator().await;
    let answer = ask(&emulator, emulator.tenant_id(), "", None).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 3599);
}

#[tokio::test]
async fn a_wrong_request_for_a_token_is_refused_with_its_code() {
    let emulator = emulator().await;
    let tenant = emulator.tenant_id().to_owned();
    let user_scope = "https://graph.microsoft.com/User.Read";
    let cases = [
        ("contoso.example", "", None, 400, "invalid_request", 90_002),
        (&tenant, "grant_type", None, 400, "invalid_request", 900_144),
        (
            &tenant,
            "grant_type",
            Some("password"),
            400,
            "unsupported_grant_type",
            70_003,
        ),
        (&tenant, "client_id", None, 400, "invalid_request", 900_144),
        (
            &tenant,
            "client_id",
            Some("x"),
            400,
            "unauthorized_client",
            700_016,
        ),
        (
            &tenant,
            "client_secret",
            None,
            401,
            "invalid_client",
            7_000_218,
        ),
        (
            &tenant,
            "client_secret",
            Some("x"),
            401,
            "invalid_client",
            7_000_215,
        ),
        (&tenant, "scope", None, 400, "invalid_request", 900_144),
        (
            &tenant,
            "scope",
            Some(user_scope),
            400,
            "invalid_scope",
            1_002_012,
        ),
        (
            &tenant,
            "scope",
            Some("https://x.example/.default"),
            400,
            "invalid_resource",
            500_011,
        ),
    ];
    for (tenant, name, value, status, error, code) in cases {
        let answer = ask(&emulator, tenant, name, value).await;
        assert_eq!(
            (answer.status, &answer.body["error"]),
            (status, &json!(error)),
            "{code}"
        );
        assert_eq!(answer.body["error_codes"], json!([code]));
        let description = answer.body["error_description"].as_str().unwrap();
        assert!(
            description.starts_with(&format!("AADSTS{code}: ")),
            "{description}"
        );
        assert!(!description.contains(emulator.client_secret()));
        for id in ["trace_id", "correlation_id", "timestamp"] {
            assert!(answer.body[id].is_string());
        }
    }
    let line = format!("POST /{tenant}/oauth2/v2.0/token");
    let answer = send(
        &emulator,
        &line,
        &[("content-type", "application/json")],
        "{}",
    )
    .await;
    assert_eq!(answer.body["error_codes"], json!([900_561]));
}

#[tokio::test]
async fn a_call_without_a_good_token_is_refused() {
    let emulator = emulator().await;
    let line = format!("GET {PROFILES}/{}", emulator.profile_id());
    let none = send(&emulator, &line, &[], "").await;
    none.is_refusal(401, "InvalidAuthenticationToken", "Access token is empty.");
    let basic = call(&emulator, "Basic abc", &line, "").await;
    basic.is_refusal(401, "InvalidAuthenticationToken", "Access token is empty.");
    let opaque = call(&emulator, "Bearer abc", &line, "").await;
    opaque.is_refusal(
        401,
        "InvalidAuthenticationToken",
        "IDX14100: JWT is not well formed",
    );

    let azure = Some("https://management.azure.com/.default");
    let other = ask(&emulator, emulator.tenant_id(), "scope", azure).await;
    let bearer = format!("Bearer {}", other.body["access_token"].as_str().unwrap());
    let answer = call(&emulator, &bearer, &line, "").await;
    let message = "Access token validation failure. Invalid audience.";
    answer.is_refusal(401, "InvalidAuthenticationToken", message);

    let elsewhere = graph_action_tests::emulator().await;
    let answer = call(&emulator, &token_of(&elsewhere).await, &line, "").await;
    answer.is_refusal(
        401,
        "InvalidAuthenticationToken",
        "Access token validation failure.",
    );
}

#[tokio::test]
async fn a_token_is_refused_when_it_has_expired() {
    let builder = Emulator::builder().token_lifetime(Duration::ZERO);
    let emulator = watched(builder).await;
    let line = format!("GET {PROFILES}/{}", emulator.profile_id());
    let answer = call(&emulator, &token_of(&emulator).await, &line, "").await;
    let message = "Lifetime validation failed, the token is expired.";
    answer.is_refusal(401, "InvalidAuthenticationToken", message);
}

#[tokio::test]
async fn who_has_signed_in_is_read_with_a_permission_for_it() {
    let emulator = emulator().await;
    let user = format!(
        "Bearer {}",
        emulator.user_token(&["Mail.Read", "User.Read"])
    );
    for line in ["GET /v1.0/me", "GET /beta/Me"] {
        let answer = call(&emulator, &user, line, "").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body["userPrincipalName"], emulator.user_name());
    }
    let other = format!("Bearer {}", emulator.user_token(&["Mail.Read"]));
    let refused = call(&emulator, &other, "GET /v1.0/me", "").await;
    let message = "Application is not authorized to perform this operation. Application must have one \
                   of the following scopes: User.Read, ";
    refused.is_refusal(403, "Forbidden", message);
    let app = token_of(&emulator).await;
    let message = "/me request is only valid with delegated authentication flow.";
    let refused = call(&emulator, &app, "GET /v1.0/me", "").await;
    refused.is_refusal(400, "BadRequest", message);
}

#[tokio::test]
async fn an_app_needs_the_role_and_a_user_the_scope() {
    let builder = Emulator::builder().roles(["DeviceManagementConfiguration.Read.All"]);
    let emulator = watched(builder).await;
    let app = token_of(&emulator).await;
    let read = format!("GET {PROFILES}/{}", emulator.profile_id());
    let create = format!("POST {PROFILES}/{}/createToken", emulator.profile_id());
    let revoke = format!("POST {PROFILES}/{}/revokeToken", emulator.profile_id());
    let body = r#"{"tokenValidityInSeconds":60}"#;
    let message = "Application is not authorized to perform this operation. Application must have one \
                   of the following scopes: DeviceManagementConfiguration.ReadWrite.All - ";
    assert_eq!(call(&emulator, &app, &read, "").await.status, 200);
    call(&emulator, &app, &create, body)
        .await
        .is_refusal(403, "Forbidden", message);
    call(&emulator, &app, &revoke, "")
        .await
        .is_refusal(403, "Forbidden", message);

    let user = |scopes: &[&str]| format!("Bearer {}", emulator.user_token(scopes));
    let reader = user(&["User.Read"]);
    call(&emulator, &reader, &create, body)
        .await
        .is_refusal(403, "Forbidden", message);
    let writer = user(&["User.Read", READ_WRITE]);
    assert_eq!(call(&emulator, &writer, &create, body).await.status, 204);
}

#[tokio::test]
async fn v1_has_the_routes_for_users_and_not_for_apps() {
    let emulator = emulator().await;
    let app = token_of(&emulator).await;
    let user = format!("Bearer {}", emulator.user_token(&[READ_WRITE]));
    let path = format!(
        "{}/{}",
        PROFILES.replace("beta", "v1.0"),
        emulator.profile_id()
    );
    for line in [format!("GET {path}"), format!("POST {path}/revokeToken")] {
        assert!(call(&emulator, &user, &line, "").await.status < 300);
        call(&emulator, &app, &line, "")
            .await
            .is_refusal(403, "Forbidden", "");
    }
}

#[tokio::test]
async fn parameters_of_the_wrong_type_are_refused() {
    let emulator = emulator().await;
    let bearer = token_of(&emulator).await;
    let create = format!("POST {PROFILES}/{}/createToken", emulator.profile_id());
    let cases = [
        ("", "Unable to read JSON request payload."),
        ("{", "Unable to read JSON request payload."),
        ("[]", "Unable to read JSON request payload."),
        (
            "{}",
            "One or more parameters of the operation 'createToken' are missing",
        ),
        (
            r#"{"tokenValidityInSeconds":null}"#,
            "A null value was found",
        ),
        (
            r#"{"tokenValidityInSeconds":"60"}"#,
            "Cannot convert the literal '\"60\"'",
        ),
        (
            r#"{"tokenValidityInSeconds":1.5}"#,
            "Cannot convert the literal '1.5'",
        ),
        (
            r#"{"tokenValidityInSeconds":2147483648}"#,
            "Cannot convert the literal '2147483648'",
        ),
        (
            r#"{"tokenValidityInSeconds":0}"#,
            "The token validity must be greater than zero.",
        ),
        (
            r#"{"tokenValidityInSeconds":-1}"#,
            "The token validity must be greater than zero.",
        ),
        (
            r#"{"tokenValidityInSeconds":1,"x":1}"#,
            "The parameter 'x' in the request payload",
        ),
    ];
    for (body, message) in cases {
        call(&emulator, &bearer, &create, body)
            .await
            .is_refusal(400, "BadRequest", message);
    }
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "text/plain"),
    ];
    let answer = send(
        &emulator,
        &create,
        &headers,
        r#"{"tokenValidityInSeconds":1}"#,
    )
    .await;
    answer.is_refusal(400, "BadRequest", "Unable to read JSON request payload.");
    let revoke = create.replace("createToken", "revokeToken");
    let answer = call(&emulator, &bearer, &revoke, r#"{"x":1}"#).await;
    answer.is_refusal(
        400,
        "BadRequest",
        "The parameter 'x' in the request payload",
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let emulator = emulator().await;
    let bearer = token_of(&emulator).await;
    let id = emulator.profile_id();
    let cases = [
        (
            format!("GET {PROFILES}/nobody"),
            "An enrollment profile with the id 'nobody'",
        ),
        (
            "GET /v2.0/me".to_owned(),
            "Resource not found for the segment 'v2.0'.",
        ),
        (
            "GET /beta/you".to_owned(),
            "Resource not found for the segment 'you'.",
        ),
        (
            format!("GET {PROFILES}/{id}/x"),
            "Resource not found for the segment 'x'.",
        ),
        (
            format!("POST {PROFILES}/{id}/createToken/x"),
            "Resource not found for the segment 'x'.",
        ),
    ];
    for (line, message) in cases {
        call(&emulator, &bearer, &line, "")
            .await
            .is_refusal(404, "ResourceNotFound", message);
    }
    let answer = call(
        &emulator,
        &bearer,
        &format!("GET {PROFILES}/{id}/createToken"),
        "",
    )
    .await;
    answer.is_refusal(
        405,
        "Request_BadRequest",
        "Specified HTTP method is not allowed",
    );
}

#[tokio::test]
async fn a_profile_keeps_its_token_until_it_is_revoked() {
    let emulator = emulator().await;
    let bearer = token_of(&emulator).await;
    // Graph does not tell capitals from small letters in a path.
    let path = format!("{}/{}", PROFILES.to_uppercase(), emulator.profile_id());
    let read = format!("GET {path}");
    let profile = call(&emulator, &bearer, &read, "").await.body;
    assert_eq!(profile["id"], emulator.profile_id());
    assert_eq!(profile["tokenValue"], Value::Null);

    let before = time::OffsetDateTime::now_utc();
    let create = format!("POST {path}/createToken");
    let body = r#"{"tokenValidityInSeconds":3600}"#;
    let answer = call(&emulator, &bearer, &create, body).await;
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    let profile = call(&emulator, &bearer, &read, "").await.body;
    let token = profile["tokenValue"].as_str().unwrap();
    let expires = profile["tokenExpirationDateTime"].as_str().unwrap();
    let format = &time::format_description::well_known::Rfc3339;
    let validity = time::OffsetDateTime::parse(expires, format).unwrap() - before;
    assert!(
        (3598..=3601).contains(&validity.whole_seconds()),
        "{validity}"
    );
    let qr_code: Value = serde_json::from_str(profile["qrCodeContent"].as_str().unwrap()).unwrap();
    let extras = &qr_code["android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE"];
    assert_eq!(
        extras["com.google.android.apps.work.clouddpc.EXTRA_ENROLLMENT_TOKEN"],
        token
    );

    let answer = call(&emulator, &bearer, &format!("POST {path}/revokeToken"), "").await;
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    let profile = call(&emulator, &bearer, &read, "").await.body;
    for property in ["tokenValue", "tokenExpirationDateTime", "qrCodeContent"] {
        assert_eq!(profile[property], Value::Null);
    }
}

#[tokio::test]
async fn the_id_of_the_client_comes_back() {
    let emulator = emulator().await;
    let answer = send(
        &emulator,
        "GET /beta/me",
        &[("client-request-id", "mine")],
        "",
    )
    .await;
    assert_eq!(answer.header("client-request-id"), "mine");
    assert_ne!(answer.header("request-id"), "mine");
}

#[tokio::test]
async fn the_service_ends_with_its_owner() {
    let emulator = emulator().await;
    let root = emulator.root().trim_start_matches("http://").to_owned();
    drop(emulator);
    tokio::task::yield_now().await;
    assert!(std::net::TcpStream::connect(root).is_err());
}
