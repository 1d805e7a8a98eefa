//! Does anything that a server can say upset the client? Error bodies, `Retry-After`, links and collections,
//! made up at random and broken at random.
//!
//! Each has 256 cases, or as many as `PROPTEST_CASES` says:
//! `PROPTEST_CASES=1000000 cargo test --release -p graph-action-tests --test fuzz`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use graph_action::credential::StaticToken;
use graph_action::transport::{Body, BoxFuture, Transport, TransportError};
use graph_action::{Client, Collection, Error, ErrorKind, Operation, graph_action};
use graph_action_tests::watch;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

#[graph_action(post = "/do", scope = "User.ReadWrite.All")]
struct Do;

#[graph_action(get = "/list", scope = "User.Read.All", returns = Collection<Value>)]
struct List;

#[graph_action(get = "/map", scope = "User.Read.All", returns = HashMap<String, u32>)]
struct Map;

#[graph_action(post = "/start", scope = "Team.Create", returns = Operation<Value>)]
struct Start;

/// Answers with one thing after another, the last again and again, and keeps where requests went.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<Vec<(StatusCode, HeaderMap, Bytes)>>>,
    requests: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Script {
    fn new(status: u16, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self::default().then(status, headers, body)
    }

    fn then(self, status: u16, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status).unwrap();
        self.answers
            .lock()
            .unwrap()
            .push((status, headers, body.into()));
        self
    }

    fn client(&self) -> Client {
        let token = StaticToken::new("canary-token").unwrap();
        Client::builder(token)
            .transport(self.clone())
            .build()
            .unwrap()
    }

    fn requests(&self) -> Vec<(String, bool)> {
        self.requests.lock().unwrap().clone()
    }
}

impl Transport for Script {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let has_token = request.headers().contains_key("authorization");
        let address = request.uri().to_string();
        self.requests.lock().unwrap().push((address, has_token));
        let mut answers = self.answers.lock().unwrap();
        let (status, headers, body) = match answers.len() {
            1 => answers[0].clone(),
            _ => answers.remove(0),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Box::pin(async { Ok(response) })
    }
}

fn runtime() -> Runtime {
    watch();
    let mut builder = Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}

/// JSON of the shapes that Graph has, and of others.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("request-id")),
    ];
    let name = prop_oneof![
        "\\PC{0,8}",
        "(?i)error|code|message|innererror|details|target|value|request-id",
        Just("@odata.nextLink".to_owned()),
        Just("@odata.count".to_owned()),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((name.clone(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// A body: JSON, JSON that is broken somewhere, or anything.
fn body(shape: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Vec<u8>> {
    let text = shape
        .prop_map(|value| value.to_string().into_bytes())
        .boxed();
    let broken = (
        text.clone(),
        any::<prop::sample::Index>(),
        any::<u8>(),
        any::<bool>(),
    );
    let broken = broken.prop_map(|(mut text, at, byte, is_cut)| {
        let at = at.index(text.len());
        if is_cut {
            text.truncate(at);
        } else {
            text[at] = byte;
        }
        text
    });
    prop_oneof![3 => text, 3 => broken, 1 => vec(any::<u8>(), 0..200)]
}

fn describe(error: &Error) {
    let text = format!("{error} {error:?}");
    assert!(!text.contains("canary"), "{text}");
    assert!(!error.to_string().contains(char::is_control));
    assert!(error.to_string().len() < 40_000);
}

proptest! {
    #[test]
    fn an_error_body_leaves_the_status(
        body in body(json().prop_map(|error| json!({ "error": error }))),
        status in prop_oneof![Just(400_u16), Just(403), Just(404), Just(502), 400..600_u16],
    ) {
        let script = Script::new(status, HeaderMap::new(), body.clone());
        let error = runtime().block_on(Do.request().send(&script.client())).unwrap_err();
        prop_assert_eq!(error.status().unwrap().as_u16(), status);
        prop_assert_eq!(error.kind(), ErrorKind::Api);
        describe(&error);
        // What is there is found, as another reader of JSON finds it.
        if let Ok(value) = serde_json::from_slice::<Value>(&body)
            && let Some(Value::Object(error_object)) = value.get("error")
            && let Some(Value::String(code)) = error_object.get("code")
            && !code.is_empty()
            && !error_object.keys().any(|key| key != "code" && key.eq_ignore_ascii_case("code"))
        {
            prop_assert_eq!(error.code(), Some(code.as_str()));
        }
    }

    #[test]
    fn a_wait_is_kept_or_the_call_ends(
        text in prop_oneof![
            "[0-9]{1,4}",
            "[0-9]{0,3}\\.[0-9]{0,3}",
            "[ -~]{0,20}",
            "(Sun|Mon), [0-9]{2} (Nov|Dec) 20[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT",
            "[0-9]{20,40}",
        ],
        date in prop_oneof![Just(""), Just("Sun, 22 Nov 2026 12:00:00 GMT"), Just("yesterday")],
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", HeaderValue::from_str(&text).unwrap());
        if !date.is_empty() {
            headers.insert("date", HeaderValue::from_static(date));
        }
        let script = Script::new(429, headers, "").then(204, HeaderMap::new(), "");
        let (result, waited) = runtime().block_on(async {
            let began = Instant::now();
            let result = Do.request().send(&script.client()).await;
            (result, began.elapsed())
        });
        prop_assert!(waited <= Duration::from_secs(100));
        let is_number = !text.trim().is_empty() && text.trim().bytes().all(|byte| byte.is_ascii_digit());
        match result {
            Ok(()) => {
                prop_assert_eq!(script.requests().len(), 2);
                prop_assert!(waited >= Duration::from_millis(100));
                if is_number {
                    prop_assert!(waited >= Duration::from_secs(text.trim().parse().unwrap()));
                }
            }
            Err(error) => {
                prop_assert_eq!(script.requests().len(), 1);
                prop_assert!(error.is_throttled());
                prop_assert!(error.retry_after().unwrap() > Duration::from_secs(98));
                describe(&error);
            }
        }
    }

    #[test]
    fn a_link_leads_to_the_own_host_or_nowhere(
        link in prop_oneof![
            "\\PC{0,40}",
            "https?://[a-z.@:/]{0,10}graph\\.microsoft\\.com[a-z.@:/?#\\\\]{0,10}",
            "https://graph\\.microsoft\\.com(:443|:80|\\.)?/v1\\.0/list\\?[a-z$=&]{0,8}",
            "[hH][tT][tT][pP][sS]:[/\\\\]{0,4}[a-zA-Z.@:]{0,30}",
        ],
    ) {
        let body = json!({ "value": [], "@odata.nextLink": link }).to_string();
        let script = Script::new(200, HeaderMap::new(), body)
            .then(200, HeaderMap::new(), r#"{"value":[1]}"#);
        let result = runtime().block_on(async {
            let mut page = List.request().send(&script.client()).await?;
            page.next_page().await
        });
        for (address, has_token) in script.requests() {
            let url = url::Url::parse(&address).unwrap();
            prop_assert_eq!(url.origin().ascii_serialization(), "https://graph.microsoft.com");
            prop_assert!(url.username().is_empty() && url.password().is_none());
            prop_assert!(has_token);
        }
        match result {
            Ok(more) => prop_assert_eq!(script.requests().len(), 1 + usize::from(more)),
            Err(error) => {
                prop_assert_eq!(script.requests().len(), 1);
                describe(&error);
            }
        }
    }

    #[test]
    fn a_collection_is_read_or_refused(
        body in body((vec(json(), 0..5), json()).prop_map(|(value, link)| {
            json!({ "value": value, "@odata.nextLink": link, "@odata.count": 3 })
        })),
    ) {
        let script = Script::new(200, HeaderMap::new(), body.clone());
        let result = runtime().block_on(List.request().send(&script.client()));
        match result {
            Ok(page) => {
                // As another reader of JSON finds it, whatever stands twice.
                if let Ok(value) = serde_json::from_slice::<Value>(&body) {
                    prop_assert_eq!(Some(&page.value), value["value"].as_array());
                    prop_assert_eq!(page.next_link(), value["@odata.nextLink"].as_str());
                }
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::Answer);
                describe(&error);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_not_repeated(
        body in body(vec(("(canary)?\\PC{0,80}", json()), 0..4).prop_map(|pairs| {
            Value::Object(pairs.into_iter().collect())
        })),
    ) {
        let script = Script::new(200, HeaderMap::new(), body);
        if let Err(error) = runtime().block_on(Map.request().send(&script.client())) {
            let keyless = error.to_string().replace("`canary`", "");
            prop_assert!(keyless.len() < 1000 && !keyless.contains(char::is_control));
            prop_assert_eq!(error.status().unwrap(), StatusCode::OK);
        }
    }

    #[test]
    fn an_operation_ends_in_few_words(
        status in "\\PC{0,300}|[a-z]{0,12}|\u{1b}\\[31m[a-z]{0,400}",
        body in body(json()),
        location in "\\PC{0,30}|https://graph\\.microsoft\\.com/[a-z/]{0,9}",
    ) {
        let mut headers = HeaderMap::new();
        if let Ok(location) = HeaderValue::from_str(&location) {
            headers.insert("location", location);
        }
        let state = json!({ "status": status }).to_string();
        let script = Script::new(202, headers, "")
            .then(200, HeaderMap::new(), state)
            .then(200, HeaderMap::new(), body);
        let result = runtime().block_on(async {
            let mut operation = Start.request().send(&script.client()).await?;
            operation.poll().await?;
            operation.poll().await
        });
        if let Err(error) = result {
            describe(&error);
            if error.kind() == ErrorKind::Operation && error.code().or(error.message()).is_none() {
                prop_assert!(error.to_string().chars().count() < 200, "{}", error);
            }
        }
        for (address, has_token) in script.requests() {
            let url = url::Url::parse(&address).unwrap();
            let is_own = url.origin().ascii_serialization() == "https://graph.microsoft.com";
            prop_assert_eq!(has_token, is_own);
        }
    }
}
