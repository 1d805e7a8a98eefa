//! `Grant`: what the token endpoint gives, and how it is asked.

use std::time::Duration;

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Response};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;
use zeroize::Zeroizing;

use super::account::Account;
use crate::client::{CLIENT_REQUEST_ID, RequestId};
use crate::credential::{AccessToken, Platform, TokenRequest};
use crate::error::Error;
use crate::retry::{Fate, Outcome, Tries};
use crate::transport::{Body, Outgoing, TransportErrorKind};

/// No token is good for longer than this, whatever the platform says.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

const PLATFORM: &str = "the identity platform";

/// A grant of the token endpoint: RFC 6749 section 5.1.
pub(crate) struct Grant {
    pub(crate) answer: TokenAnswer,
    /// Before it was asked for: so no token is taken for good that is none any more.
    pub(crate) asked_at: Instant,
}

#[derive(Deserialize)]
pub(crate) struct TokenAnswer {
    access_token: Zeroizing<String>,
    #[serde(deserialize_with = "seconds")]
    expires_in: Duration,
    /// When to renew it, an extension of the platform's.
    #[serde(default, deserialize_with = "maybe_seconds")]
    refresh_in: Option<Duration>,
    /// What was granted, if that is not what was asked for.
    scope: Option<String>,
    refresh_token: Option<SecretString>,
    /// Who has signed in.
    id_token: Option<SecretString>,
}

impl Grant {
    /// The token that sets a sign-in of a user forth.
    pub(crate) fn refresh_token(&self) -> Option<SecretString> {
        self.answer.refresh_token.clone()
    }

    /// Who has signed in, if it is said.
    pub(crate) fn account(&self) -> Option<Account> {
        Account::read(self.answer.id_token.as_ref()?)
    }

    pub(crate) fn access_token(&self, request: TokenRequest<'_>) -> Result<AccessToken, Error> {
        let answer = &self.answer;
        let token = AccessToken::new(answer.access_token.as_str())?;
        let mut token = token.good_from(self.asked_at, answer.expires_in);
        if let Some(wait) = answer.refresh_in.filter(|wait| *wait < answer.expires_in) {
            token = token.renew_from(self.asked_at, wait);
        }
        let granted = answer.scope.clone().unwrap_or_else(|| request.scope());
        // `https://graph.microsoft.com/User.Read` is the permission `User.Read`.
        let names = granted.split_whitespace();
        let names = names.filter_map(|name| name.rsplit('/').next());
        Ok(token.permissions(names))
    }
}

/// A number of seconds, as a number or as text; less than none is none.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Seconds {
        Number(f64),
        Text(String),
    }
    let seconds = match Seconds::deserialize(deserializer)? {
        Seconds::Number(number) => Some(number),
        Seconds::Text(text) => text.trim().parse().ok(),
    };
    // The text is not told: it may be anything.
    let seconds = seconds.filter(|seconds| !seconds.is_nan());
    let seconds = seconds.ok_or_else(|| serde::de::Error::custom("no number of seconds"))?;
    Ok(Duration::try_from_secs_f64(seconds.max(0.0)).map_or(LONGEST, |time| time.min(LONGEST)))
}

pub(crate) fn maybe_seconds<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    // What cannot be read is left to `expires_in`.
    let value = Value::deserialize(deserializer)?;
    Ok(seconds(value).ok())
}

/// Asks the token endpoint, with the claims that the token has to have.
pub(crate) async fn ask(
    request: TokenRequest<'_>,
    endpoint: &str,
    parameters: &[(&str, &str)],
) -> Result<Grant, Error> {
    let claims = with_capabilities(request.claims);
    let mut parameters = parameters.to_vec();
    parameters.push(("claims", &claims));
    let asked_at = Instant::now();
    let answer = post(request, endpoint, &parameters).await?;
    Ok(Grant { answer, asked_at })
}

/// The claims that Graph asks for, and what the client can do: answer claims challenges, `cp1`. See
/// [client capabilities](https://learn.microsoft.com/entra/identity-platform/claims-challenge#client-capabilities).
pub(crate) fn with_capabilities(claims: Option<&str>) -> String {
    let claims = claims.and_then(|claims| serde_json::from_str(claims).ok());
    let Some(Value::Object(mut claims)) = claims.or_else(|| Some(json!({}))) else {
        return with_capabilities(None);
    };
    let token = claims.entry("access_token").or_insert(json!({}));
    if let Value::Object(token) = token {
        token.insert("xms_cc".to_owned(), json!({ "values": ["cp1"] }));
    }
    Value::from(claims).to_string()
}

/// Posts a form to the identity platform, again where that may help.
pub(crate) async fn post<T: DeserializeOwned>(
    request: TokenRequest<'_>,
    endpoint: &str,
    parameters: &[(&str, &str)],
) -> Result<T, Error> {
    let body = encode(parameters);
    // A code is good for one time; all else can be asked for again.
    let is_idempotent = !parameters.contains(&("grant_type", "authorization_code"));
    let id = RequestId::new();
    let url = Url::parse(endpoint)
        .map_err(|source| Error::config("the endpoint has no address").with_source(source))?;
    let message = || Outgoing {
        method: Method::POST,
        url: url.clone(),
        headers: HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("application/json")),
            (CLIENT_REQUEST_ID, id.value()),
            (
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            ),
        ]),
        body: body.clone(),
        is_new: false,
    };
    let Platform {
        transport,
        retry,
        max_token: limit,
        ..
    } = request.platform;
    let mut tries = Tries::new(retry, request.deadline);
    loop {
        let sent = timeout_at(request.deadline, transport.send(message())).await;
        tries.attempts += 1;
        let outcome = Outcome::of(sent).whole(*limit, request.deadline).await;
        if let Some(wait) = tries.wait(&outcome, is_idempotent) {
            sleep(wait).await;
            continue;
        }
        let read = read(PLATFORM, outcome, *limit, request.deadline).await;
        return read.map_err(|error| {
            let error = error.after(tries.attempts, tries.waited);
            error.with_client_request_id(id)
        });
    }
}

/// What an answer says.
pub(crate) async fn read<T: DeserializeOwned>(
    service: &str,
    outcome: Outcome,
    limit: usize,
    deadline: Instant,
) -> Result<T, Error> {
    let is_retry_safe = Fate::of(&outcome).is_retry_safe(true);
    let read = match outcome {
        Outcome::Answer(response) => read_answer(service, response, limit, deadline).await,
        Outcome::Head(parts, source) => {
            let error = Error::auth(format!("the answer of {service} cannot be read"));
            Err(error
                .with_answer(parts.status, &parts.headers)
                .with_source(source))
        }
        Outcome::Silence(source) => {
            let is_timeout = source.kind() == TransportErrorKind::TimedOut;
            let error = Error::auth(format!("{service} did not answer")).with_source(source);
            Err(if is_timeout { error.timed_out() } else { error })
        }
    };
    read.map_err(|error| error.with_retry_safe(is_retry_safe))
}

async fn read_answer<T: DeserializeOwned>(
    service: &str,
    response: Response<Body>,
    limit: usize,
    deadline: Instant,
) -> Result<T, Error> {
    let (parts, body) = response.into_parts();
    let body = body.read(limit, deadline).await;
    if !parts.status.is_success() {
        let read = body.as_deref().unwrap_or_default();
        let error = Error::identity(service, parts.status, &parts.headers, read);
        return Err(match body {
            // The status says more than why its explanation could not be read.
            Err(source) => error.with_source(source),
            Ok(_) => error,
        });
    }
    // The parser's error is dropped: it could quote the token.
    serde_json::from_slice(&body?).map_err(|_| {
        let error = Error::auth(format!(
            "{service} has not answered with what it was asked for"
        ));
        error.with_answer(parts.status, &parts.headers)
    })
}

/// The form, wiped from memory when it was sent.
fn encode(parameters: &[(&str, &str)]) -> Bytes {
    // With room for all of it, so that no copy of a secret is left behind by growing.
    let room = parameters
        .iter()
        .map(|(name, value)| name.len() + 3 * value.len() + 2);
    let mut form = Serializer::new(String::with_capacity(room.sum()));
    form.extend_pairs(parameters);
    Bytes::from_owner(Zeroizing::new(form.finish().into_bytes()))
}
