//! The part of Graph that deals with Android for Work enrollment profiles, and who has signed in.

use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, StatusCode};
use jsonwebtoken::errors::ErrorKind;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::identity::{self, Claims};
use super::server::{Answer, Incoming, Service, new_id};
use super::user::{USER_ID, USER_NAME};

const READ: [&str; 2] = [
    "DeviceManagementConfiguration.Read.All",
    "DeviceManagementConfiguration.ReadWrite.All",
];
/// What opens `/me`, least privileged first.
const ME: [&str; 5] = [
    "User.Read",
    "User.ReadWrite",
    "User.ReadBasic.All",
    "User.Read.All",
    "Directory.Read.All",
];
const WRITE: [&str; 1] = ["DeviceManagementConfiguration.ReadWrite.All"];

/// A profile by which Android devices enroll, with the properties that
/// [the reference](https://learn.microsoft.com/graph/api/resources/intune-androidforwork-androidforworkenrollmentprofile?view=graph-rest-beta)
/// gives it.
pub(super) struct Profile {
    id: String,
    account_id: String,
    created: OffsetDateTime,
    modified: OffsetDateTime,
    token: Option<EnrollmentToken>,
}

struct EnrollmentToken {
    value: String,
    expires: OffsetDateTime,
}

impl Profile {
    pub(super) fn new(id: &str, account_id: &str) -> Self {
        let now = OffsetDateTime::now_utc();
        Self {
            id: id.to_owned(),
            account_id: account_id.to_owned(),
            created: now,
            modified: now,
            token: None,
        }
    }

    fn json(&self, context: &str) -> Value {
        let token = self.token.as_ref();
        json!({
            "@odata.context": context,
            "accountId": self.account_id,
            "id": self.id,
            "displayName": "Warehouse scanners",
            "description": "Dedicated devices of the warehouse",
            "createdDateTime": date_time(self.created),
            "lastModifiedDateTime": date_time(self.modified),
            "tokenValue": token.map(|token| &token.value),
            "tokenExpirationDateTime": token.map(|token| date_time(token.expires)),
            "enrolledDeviceCount": 0,
            "qrCodeContent": token.map(|token| qr_code_content(&token.value)),
            "qrCodeImage": null,
        })
    }
}

/// What the QR code of an Android device policy controller holds.
fn qr_code_content(token: &str) -> String {
    json!({
        "android.app.extra.PROVISIONING_DEVICE_ADMIN_COMPONENT_NAME":
            "com.google.android.apps.work.clouddpc/.receivers.CloudDeviceAdminReceiver",
        "android.app.extra.PROVISIONING_DEVICE_ADMIN_SIGNATURE_CHECKSUM":
            "I5YvS0O5hXY46mb01BlRjq4oJJGs2kuUcHvVkAPEXlg",
        "android.app.extra.PROVISIONING_DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION":
            "https://play.google.com/managed/downloadManagingApp?identifier=setup",
        "android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE": {
            "com.google.android.apps.work.clouddpc.EXTRA_ENROLLMENT_TOKEN": token,
        },
    })
    .to_string()
}

fn date_time(moment: OffsetDateTime) -> String {
    let moment = moment.replace_nanosecond(0).unwrap_or(moment);
    moment.format(&Rfc3339).unwrap_or_default()
}

/// Answers a request of Graph.
pub(super) fn answer(service: &Service, incoming: &Incoming) -> Answer {
    perform(service, incoming).unwrap_or_else(|refusal| refusal.answer(incoming))
}

fn perform(service: &Service, incoming: &Incoming) -> Result<Answer, Refusal> {
    let claims = authenticate(service, incoming)?;
    if let Some(version) = is_me(incoming) {
        return me(service, &claims, version, incoming);
    }
    let operation = Operation::find(incoming)?;
    authorize(&claims, &operation, incoming)?;
    let mut profiles = service.profiles();
    let profile = profiles.get_mut(operation.id).ok_or_else(|| {
        let message = format!(
            "An enrollment profile with the id '{}' was not found.",
            operation.id
        );
        Refusal::new(StatusCode::NOT_FOUND, "ResourceNotFound", message)
    })?;
    let now = OffsetDateTime::now_utc();
    match operation.name {
        Name::Get => {
            let set = "deviceManagement/androidForWorkEnrollmentProfiles";
            let version = operation.version;
            let context = format!("{}/{version}/$metadata#{set}/$entity", service.root);
            return Ok((StatusCode::OK, Some(profile.json(&context))));
        }
        Name::CreateToken => {
            let validity = token_validity(incoming)?;
            let value = new_id().replace('-', "").to_ascii_uppercase();
            profile.token = Some(EnrollmentToken {
                value,
                expires: now + validity,
            });
        }
        Name::RevokeToken => {
            no_parameters(incoming)?;
            profile.token = None;
        }
    }
    profile.modified = now;
    Ok((StatusCode::NO_CONTENT, None))
}

/// Whether `GET /me` is asked for, and of which version.
fn is_me(incoming: &Incoming) -> Option<&str> {
    match &*incoming.segments {
        [version, me] if incoming.method == Method::GET && me.eq_ignore_ascii_case("me") => {
            ["v1.0", "beta"]
                .into_iter()
                .find(|known| known.eq_ignore_ascii_case(version))
        }
        _ => None,
    }
}

/// [The user who has signed in](https://learn.microsoft.com/graph/api/user-get).
fn me(
    service: &Service,
    claims: &Claims,
    version: &str,
    incoming: &Incoming,
) -> Result<Answer, Refusal> {
    if claims.is_app() {
        return Err(bad_request(
            "/me request is only valid with delegated authentication flow.",
        ));
    }
    has_one_of(claims, &ME, incoming)?;
    let user = json!({
        "@odata.context": format!("{}/{version}/$metadata#users/$entity", service.root),
        "businessPhones": ["+1 425 555 0109"],
        "displayName": "Adele Vance",
        "givenName": "Adele",
        "id": USER_ID,
        "jobTitle": "Retail Manager",
        "mail": USER_NAME,
        "mobilePhone": null,
        "officeLocation": "18/2111",
        "preferredLanguage": "en-US",
        "surname": "Vance",
        "userPrincipalName": USER_NAME,
    });
    Ok((StatusCode::OK, Some(user)))
}

/// What is asked for, by method and path.
struct Operation<'a> {
    name: Name,
    version: &'a str,
    id: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Get,
    CreateToken,
    RevokeToken,
}

impl<'a> Operation<'a> {
    fn find(incoming: &'a Incoming) -> Result<Self, Refusal> {
        let not_found = |segment: &str| {
            let message = format!("Resource not found for the segment '{segment}'.");
            Refusal::new(StatusCode::NOT_FOUND, "ResourceNotFound", message)
        };
        // Graph does not tell capitals from small letters in the names of a path.
        let mut rest = incoming.segments.iter().map(String::as_str);
        let mut expect = |names: &[&str]| {
            let segment = rest.next().unwrap_or_default();
            let known = names.iter().any(|name| name.eq_ignore_ascii_case(segment));
            if known {
                Ok(segment)
            } else {
                Err(not_found(segment))
            }
        };
        let version = expect(&["v1.0", "beta"])?;
        expect(&["deviceManagement"])?;
        expect(&["androidForWorkEnrollmentProfiles"])?;
        let id = rest
            .next()
            .ok_or_else(|| not_found("androidForWorkEnrollmentProfiles"))?;
        let (name, method) = match rest.next() {
            None => (Name::Get, Method::GET),
            Some(name) if name.eq_ignore_ascii_case("createToken") => {
                (Name::CreateToken, Method::POST)
            }
            Some(name) if name.eq_ignore_ascii_case("revokeToken") => {
                (Name::RevokeToken, Method::POST)
            }
            Some(other) => return Err(not_found(other)),
        };
        if let Some(extra) = rest.next() {
            return Err(not_found(extra));
        }
        if incoming.method != method {
            return Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "Request_BadRequest",
                "Specified HTTP method is not allowed for the request target.",
            ));
        }
        Ok(Self { name, version, id })
    }
}

fn authenticate(service: &Service, incoming: &Incoming) -> Result<Claims, Refusal> {
    let refused = |message: &str| {
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationToken",
            message,
        )
    };
    let header = incoming.headers.get(AUTHORIZATION).map(HeaderValue::to_str);
    let token = match header {
        Some(Ok(value)) => value.strip_prefix("Bearer ").unwrap_or_default(),
        _ => "",
    };
    if token.is_empty() {
        return Err(refused("Access token is empty."));
    }
    identity::verify(service, token).map_err(|error| match error.kind() {
        ErrorKind::ExpiredSignature => refused("Lifetime validation failed, the token is expired."),
        ErrorKind::InvalidAudience => refused("Access token validation failure. Invalid audience."),
        ErrorKind::InvalidToken => {
            refused("IDX14100: JWT is not well formed, there are no dots (.).")
        }
        _ => refused("Access token validation failure. Invalid signature."),
    })
}

fn authorize(
    claims: &Claims,
    operation: &Operation<'_>,
    incoming: &Incoming,
) -> Result<(), Refusal> {
    let accepted: &[&str] = match operation.name {
        Name::Get => &READ,
        Name::CreateToken | Name::RevokeToken => &WRITE,
    };
    // The reference of v1.0 says of applications: "Not supported."
    if claims.is_app() && !operation.version.eq_ignore_ascii_case("beta") {
        return Err(forbidden(
            "Application-only access is not supported",
            incoming,
        ));
    }
    has_one_of(claims, accepted, incoming)
}

fn has_one_of(claims: &Claims, accepted: &[&str], incoming: &Incoming) -> Result<(), Refusal> {
    let held: Vec<&str> = if claims.is_app() {
        claims.roles.iter().map(String::as_str).collect()
    } else {
        claims.scp.split(' ').collect()
    };
    if accepted.iter().any(|permission| held.contains(permission)) {
        return Ok(());
    }
    let accepted = accepted.join(", ");
    let why = format!("Application must have one of the following scopes: {accepted}");
    Err(forbidden(&why, incoming))
}

fn forbidden(why: &str, incoming: &Incoming) -> Refusal {
    let message = format!(
        "Application is not authorized to perform this operation. {why} - Operation ID (for customer \
         support): 00000000-0000-0000-0000-000000000000 - Activity ID: {}",
        incoming.request_id
    );
    Refusal::new(StatusCode::FORBIDDEN, "Forbidden", message)
}

/// Reads the one parameter of `createToken`, `Edm.Int32` and not nullable.
fn token_validity(incoming: &Incoming) -> Result<Duration, Refusal> {
    const NAME: &str = "tokenValidityInSeconds";
    let mut parameters = parameters(incoming)?;
    let value = parameters.remove(NAME).ok_or_else(|| {
        bad_request(format!(
            "One or more parameters of the operation 'createToken' are missing from the request payload. \
             The missing parameters are: {NAME}."
        ))
    })?;
    no_other(&parameters, "createToken")?;
    let seconds = value
        .as_i64()
        .and_then(|seconds| i32::try_from(seconds).ok());
    match seconds {
        Some(seconds) => u64::try_from(seconds)
            .ok()
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs)
            .ok_or_else(|| bad_request("The token validity must be greater than zero.")),
        None if value.is_null() => Err(bad_request(format!(
            "A null value was found for the property named '{NAME}', which has the expected type \
             'Edm.Int32[Nullable=False]'. The expected type 'Edm.Int32[Nullable=False]' does not allow null \
             values."
        ))),
        None => Err(bad_request(format!(
            "Cannot convert the literal '{value}' to the expected type 'Edm.Int32'."
        ))),
    }
}

fn no_parameters(incoming: &Incoming) -> Result<(), Refusal> {
    if incoming.body.is_empty() {
        return Ok(());
    }
    no_other(&parameters(incoming)?, "revokeToken")
}

fn no_other(parameters: &Map<String, Value>, operation: &str) -> Result<(), Refusal> {
    match parameters.keys().next() {
        None => Ok(()),
        Some(name) => Err(bad_request(format!(
            "The parameter '{name}' in the request payload is not a valid parameter for the operation \
             '{operation}'."
        ))),
    }
}

fn parameters(incoming: &Incoming) -> Result<Map<String, Value>, Refusal> {
    let is_json = incoming.content_type().as_deref() == Some("application/json");
    match serde_json::from_slice(&incoming.body) {
        Ok(Value::Object(parameters)) if is_json => Ok(parameters),
        _ => Err(bad_request(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is \
             of valid JSON format.",
        )),
    }
}

fn bad_request(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "BadRequest", message)
}

/// An error of Graph; see [Microsoft Graph error responses](https://learn.microsoft.com/graph/errors).
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    fn answer(self, incoming: &Incoming) -> Answer {
        let date = date_time(OffsetDateTime::now_utc());
        let body = json!({
            "error": {
                "code": self.code,
                "message": self.message,
                "innerError": {
                    "date": date.trim_end_matches('Z'),
                    "request-id": incoming.request_id,
                    "client-request-id": incoming.client_request_id,
                },
            },
        });
        (self.status, Some(body))
    }
}
