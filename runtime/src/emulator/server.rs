//! The server: one answer for each request, with the ids that every answer of Graph has.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use jsonwebtoken::{DecodingKey, EncodingKey};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::graph::{self, Profile};
use super::identity;
use crate::client::CLIENT_REQUEST_ID;

/// The longest request body that is read, in bytes; Graph's own limit is 4 MB.
const MAX_BODY: usize = 4 << 20;

/// How many requests are kept to be looked at.
const MAX_REQUESTS: usize = 1000;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// What the service knows.
pub(super) struct Service {
    pub(super) root: String,
    pub(super) tenant_id: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) profile_id: String,
    pub(super) roles: Vec<String>,
    pub(super) token_lifetime: Duration,
    pub(super) signing_key: EncodingKey,
    pub(super) verifying_key: DecodingKey,
    profiles: Mutex<HashMap<String, Profile>>,
    requests: Mutex<VecDeque<Request<Bytes>>>,
}

impl Service {
    pub(super) fn new(address: SocketAddr, roles: Vec<String>, token_lifetime: Duration) -> Self {
        let tenant_id = new_id();
        let profile_id = new_id();
        let key = [Uuid::new_v4(), Uuid::new_v4()]
            .map(Uuid::into_bytes)
            .concat();
        let profile = Profile::new(&profile_id, &tenant_id);
        Self {
            root: format!("http://{address}"),
            tenant_id,
            client_id: new_id(),
            client_secret: Uuid::new_v4().simple().to_string(),
            profiles: Mutex::new(HashMap::from([(profile_id.clone(), profile)])),
            profile_id,
            roles,
            token_lifetime,
            signing_key: EncodingKey::from_secret(&key),
            verifying_key: DecodingKey::from_secret(&key),
            requests: Mutex::default(),
        }
    }

    pub(super) fn profiles(&self) -> MutexGuard<'_, HashMap<String, Profile>> {
        self.profiles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn requests(&self) -> Vec<Request<Bytes>> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().cloned().collect()
    }

    fn record(&self, mut request: Request<Bytes>) {
        if let Some(bearer) = request.headers_mut().get_mut(AUTHORIZATION) {
            bearer.set_sensitive(true);
        }
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() == MAX_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(request);
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Service")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// A request, as the two halves of the service look at it.
pub(super) struct Incoming {
    pub(super) method: Method,
    /// The path between its `/`s, decoded.
    pub(super) segments: Vec<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) request_id: String,
    pub(super) client_request_id: String,
}

impl Incoming {
    /// The media type of the body, without parameters and in small letters.
    pub(super) fn content_type(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        Some(value.split(';').next()?.trim().to_ascii_lowercase())
    }
}

/// An answer: a status, and JSON if there is any.
pub(super) type Answer = (StatusCode, Option<Value>);

pub(super) async fn run(listener: TcpListener, service: Arc<Service>) {
    let router = Router::new().fallback(answer).with_state(service);
    // Never returns by itself: the emulator aborts it when it is dropped.
    let _ = axum::serve(listener, router).await;
}

async fn answer(State(service): State<Arc<Service>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let request_id = new_id();
    let client_request_id = match parts
        .headers
        .get(&CLIENT_REQUEST_ID)
        .map(HeaderValue::to_str)
    {
        Some(Ok(id)) => id.to_owned(),
        _ => request_id.clone(),
    };
    let (status, json) = match to_bytes(body, MAX_BODY).await {
        Ok(body) => {
            let incoming = Incoming {
                method: parts.method.clone(),
                segments: segments(parts.uri.path()),
                headers: parts.headers.clone(),
                body: body.clone(),
                request_id: request_id.clone(),
                client_request_id: client_request_id.clone(),
            };
            service.record(Request::from_parts(parts, body));
            dispatch(&service, &incoming)
        }
        Err(_) => (StatusCode::PAYLOAD_TOO_LARGE, None),
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, id) in [
        (REQUEST_ID, request_id),
        (CLIENT_REQUEST_ID, client_request_id),
    ] {
        if let Ok(id) = HeaderValue::try_from(id) {
            headers.insert(name, id);
        }
    }
    if let Some(json) = json {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *response.body_mut() = Body::from(json.to_string());
    }
    response
}

fn dispatch(service: &Service, incoming: &Incoming) -> Answer {
    let segments: Vec<&str> = incoming.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        [tenant, "oauth2", "v2.0", "token"] => identity::token(service, tenant, incoming),
        _ => graph::answer(service, incoming),
    }
}

fn segments(path: &str) -> Vec<String> {
    let path = path.trim_start_matches('/');
    path.split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect()
}

pub(super) fn new_id() -> String {
    Uuid::new_v4().hyphenated().to_string()
}
