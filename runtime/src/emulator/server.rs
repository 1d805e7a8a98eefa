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
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use jsonwebtoken::{DecodingKey, EncodingKey};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::graph::{self, Profile};
use super::identity;
use super::user::{self, SignIns};
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
    sign_ins: Mutex<SignIns>,
    requests: Mutex<VecDeque<Request<Bytes>>>,
}

impl Service {
    pub(super) fn new(
        address: SocketAddr,
        roles: Vec<String>,
        consents: Vec<String>,
        token_lifetime: Duration,
    ) -> Self {
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
            sign_ins: Mutex::new(SignIns::new(consents)),
            requests: Mutex::default(),
        }
    }

    pub(super) fn profiles(&self) -> MutexGuard<'_, HashMap<String, Profile>> {
        self.profiles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sign_ins(&self) -> MutexGuard<'_, SignIns> {
        self.sign_ins.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// The query, decoded.
    pub(super) query: HashMap<String, String>,
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

/// What a browser gets.
pub(super) enum Page {
    Html(StatusCode, String),
    Redirect(String),
}

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
    let mut response = match to_bytes(body, MAX_BODY).await {
        Ok(body) => {
            let query = parts.uri.query().unwrap_or_default();
            let incoming = Incoming {
                method: parts.method.clone(),
                segments: segments(parts.uri.path()),
                query: form_urlencoded::parse(query.as_bytes())
                    .into_owned()
                    .collect(),
                headers: parts.headers.clone(),
                body: body.clone(),
                request_id: request_id.clone(),
                client_request_id: client_request_id.clone(),
            };
            service.record(Request::from_parts(parts, body));
            dispatch(&service, &incoming)
        }
        Err(_) => json((StatusCode::PAYLOAD_TOO_LARGE, None)),
    };
    let headers = response.headers_mut();
    for (name, id) in [
        (REQUEST_ID, request_id),
        (CLIENT_REQUEST_ID, client_request_id),
    ] {
        if let Ok(id) = HeaderValue::try_from(id) {
            headers.insert(name, id);
        }
    }
    response
}

fn dispatch(service: &Service, incoming: &Incoming) -> Response<Body> {
    let segments: Vec<&str> = incoming.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        [tenant, "oauth2", "v2.0", "token"] => json(identity::token(service, tenant, incoming)),
        [tenant, "oauth2", "v2.0", "devicecode"] => {
            json(identity::device_code(service, tenant, incoming))
        }
        [tenant, "oauth2", "v2.0", "authorize"] => page(user::authorize(service, tenant, incoming)),
        ["devicelogin"] => page(user::device_login(service, incoming)),
        _ => json(graph::answer(service, incoming)),
    }
}

fn json((status, json): Answer) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    if let Some(json) = json {
        let content_type = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        *response.body_mut() = Body::from(json.to_string());
    }
    response
}

fn page(page: Page) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    match page {
        Page::Html(status, html) => {
            *response.status_mut() = status;
            let content_type = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, content_type);
            *response.body_mut() = Body::from(html);
        }
        Page::Redirect(address) => {
            *response.status_mut() = StatusCode::FOUND;
            if let Ok(address) = HeaderValue::try_from(address) {
                response.headers_mut().insert(LOCATION, address);
            }
        }
    }
    response
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
