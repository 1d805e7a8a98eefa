//! When is a token asked for, how often, and what is never shown of it?

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use graph_action::credential::{AccessToken, ClientSecret, Credential, StaticToken, TokenRequest};
use graph_action::transport::BoxFuture;
use graph_action::{Caller, Client, Error, ErrorKind, Retry, graph_action};
use graph_action_tests::{RawServer, Recorder, answer, emulator};
use tokio::sync::{Notify, Semaphore};

#[graph_action(post = "/me/revokeSignInSessions", scope = "User.RevokeSessions.All")]
struct Revoke;

#[graph_action(
    get = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>",
    scope = "DeviceManagementConfiguration.Read.All",
    version = "beta"
)]
struct GetProfile;

/// A credential whose tokens are good for an hour, and that counts them.
#[derive(Clone, Default)]
struct Counter {
    count: Arc<AtomicUsize>,
}

impl Credential for Counter {
    fn caller(&self) -> Option<Caller> {
        None
    }

    fn token<'a>(&'a self, _: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move {
            let token = AccessToken::new(format!("token-{count}"))?;
            Ok(token.expires_in(Duration::from_secs(3600)))
        })
    }
}

fn bearers(recorder: &Recorder) -> Vec<String> {
    let requests = recorder.requests();
    let bearer = |request: &http::Request<_>| {
        request.headers()["authorization"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    requests.iter().map(bearer).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_cold_callers_make_one_token_request() {
    let emulator = emulator().await;
    let graph = emulator.client().unwrap();
    let id = emulator.profile_id();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (graph, request) = (graph.clone(), GetProfile.request(id));
        calls.spawn(async move { request.send(&graph).await });
    }
    while let Some(result) = calls.join_next().await {
        result.unwrap().unwrap();
    }
    let requests = emulator.requests();
    let for_tokens = requests
        .iter()
        .filter(|request| request.uri().path().ends_with("/token"));
    assert_eq!((for_tokens.count(), requests.len()), (1, 101));
}

#[tokio::test]
async fn those_who_wait_for_a_token_take_the_one_that_comes() {
    let recorder = Recorder::default();
    let credential = Gated::default();
    let builder = Client::builder(credential.clone()).transport(recorder.clone());
    let graph = builder.build().unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let graph = graph.clone();
        calls.spawn(async move { Revoke.request().send(&graph).await });
    }
    // On one thread all of them run until they wait.
    while credential.counter.count.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    credential.gate.add_permits(100);
    while let Some(result) = calls.join_next().await {
        result.unwrap().unwrap();
    }
    assert_eq!(bearers(&recorder), vec!["Bearer token-1"; 100]);
}

/// A credential that holds its tokens back.
#[derive(Clone)]
struct Gated {
    counter: Counter,
    gate: Arc<Semaphore>,
}

impl Default for Gated {
    fn default() -> Self {
        Self {
            counter: Counter::default(),
            gate: Arc::new(Semaphore::new(0)),
        }
    }
}

impl Credential for Gated {
    fn caller(&self) -> Option<Caller> {
        None
    }

    fn token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let token = self.counter.token(request);
        Box::pin(async {
            self.gate.acquire().await.unwrap().forget();
            token.await
        })
    }
}

#[tokio::test]
async fn a_token_without_end_is_kept() {
    let recorder = Recorder::default();
    let graph = recorder.client();
    Revoke.request().send(&graph).await.unwrap();
    Revoke.request().send(&graph).await.unwrap();
    assert_eq!(
        bearers(&recorder),
        ["Bearer canary-token", "Bearer canary-token"]
    );
}

/// A credential whose first token never comes.
#[derive(Clone, Default)]
struct Stuck {
    counter: Counter,
    asked: Arc<Notify>,
}

impl Credential for Stuck {
    fn caller(&self) -> Option<Caller> {
        None
    }

    fn token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let is_first = self.counter.count.load(Ordering::SeqCst) == 0;
        let token = self.counter.token(request);
        self.asked.notify_one();
        if is_first {
            Box::pin(std::future::pending())
        } else {
            token
        }
    }
}

#[tokio::test]
async fn when_the_one_who_renews_gives_up_another_takes_over() {
    let recorder = Recorder::default();
    let credential = Stuck::default();
    let builder = Client::builder(credential.clone()).transport(recorder.clone());
    let graph = builder.build().unwrap();
    let send = |graph: Client| tokio::spawn(async move { Revoke.request().send(&graph).await });
    let leader = send(graph.clone());
    credential.asked.notified().await;
    let follower = send(graph);
    leader.abort();
    follower.await.unwrap().unwrap();
    assert_eq!(bearers(&recorder), ["Bearer token-2"]);
}

#[tokio::test]
async fn the_refusal_of_the_identity_platform_is_told() {
    let emulator = emulator().await;
    let credential = ClientSecret::new(emulator.tenant_id(), emulator.client_id(), "canary-secret");
    let credential = credential.unwrap().authority(emulator.root()).unwrap();
    let graph = Client::builder(credential)
        .root(emulator.root())
        .build()
        .unwrap();
    let error = GetProfile
        .request(emulator.profile_id())
        .send(&graph)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(error.code(), Some("AADSTS7000215"));
    let message = error.message().unwrap();
    assert!(
        message.starts_with("Invalid client secret provided."),
        "{message}"
    );
    assert!(
        message.ends_with(&format!("'{}'.", emulator.client_id())),
        "{message}"
    );
    assert!(error.request_id().is_some() && error.client_request_id().is_some());
    assert_eq!(emulator.requests().len(), 1);
    assert!(!format!("{error} {error:?}").contains("canary"));
}

/// Asks a server that is no identity platform for a token, and gives the error.
async fn error_of(answer: Vec<u8>) -> Error {
    let server = RawServer::answering(answer);
    let credential = ClientSecret::new("contoso.example", "app", "canary-secret").unwrap();
    let credential = credential.authority(server.root()).unwrap();
    let graph = Client::builder(credential)
        .root(server.root())
        .retry(Retry::never())
        .build()
        .unwrap();
    let error = GetProfile.request("id").send(&graph).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(server.requests().len(), 1);
    assert!(!format!("{error} {error:?}").contains("canary"));
    error
}

#[tokio::test]
async fn an_answer_without_a_token_is_an_error_that_quotes_nothing() {
    let json = [("content-type", "application/json")];
    let html = error_of(answer("502 Bad Gateway", &[], "<html>canary</html>")).await;
    assert_eq!(html.status().unwrap(), 502);
    for body in [
        r#"{"access_token":"canary-token"#,
        r#"{"access_token":"canary-token"}"#,
        r#"{"access_token":"canary-token","expires_in":"canary"}"#,
        r#"{"access_token":"canary\ntoken","expires_in":3600}"#,
        r#"{"access_token":"","expires_in":3600}"#,
        r#"{"expires_in":3600}"#,
        "",
    ] {
        error_of(answer("200 OK", &json, body)).await;
    }
    // More than any token is long.
    let long = "canary".repeat(200_000);
    let endless = format!(r#"{{"access_token":"{long}","expires_in":3600}}"#);
    error_of(answer("200 OK", &json, &endless)).await;
}

#[tokio::test]
async fn a_description_of_several_lines_gives_its_code() {
    let description = r#"AADSTS7000222: The provided client secret keys for app 'x' are expired.\r\nTrace ID: 1\r\nCorrelation ID: 2"#;
    let body = format!(
        r#"{{"error":"invalid_client","error_description":"{description}","trace_id":"1"}}"#
    );
    let error = error_of(answer("401 Unauthorized", &[], &body)).await;
    assert_eq!(error.code(), Some("AADSTS7000222"));
    assert_eq!(
        error.message(),
        Some("The provided client secret keys for app 'x' are expired.")
    );
    let bare = error_of(answer(
        "400 Bad Request",
        &[],
        r#"{"error":"invalid_request"}"#,
    ))
    .await;
    assert_eq!(
        (bare.code(), bare.message()),
        (Some("invalid_request"), None)
    );
}

#[test]
fn a_credential_that_cannot_be_right_is_refused() {
    let refused = |result: Result<ClientSecret, Error>| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error} {error:?}").contains("canary"));
    };
    for tenant in [
        "", ".", "..", "../x", "a/b", "a?b", "a b", "a\r\nb", "a%2Fb",
    ] {
        refused(ClientSecret::new(tenant, "app", "canary"));
    }
    refused(ClientSecret::new("tenant", "", "canary"));
    refused(ClientSecret::new("tenant", "app", ""));
    for authority in [
        "http://login.example",
        "ftp://x",
        "login",
        "https://u:canary@x",
        "https://x/?a",
        "https://x/#a",
    ] {
        let credential = ClientSecret::new("tenant", "app", "canary").unwrap();
        refused(credential.authority(authority));
    }
    assert_eq!(StaticToken::new("").unwrap_err().kind(), ErrorKind::Auth);
    assert_eq!(
        StaticToken::new("a\r\nb").unwrap_err().kind(),
        ErrorKind::Auth
    );
}

#[test]
fn the_token_goes_over_https_or_to_loopback() {
    let build = |root: &str| {
        Client::builder(StaticToken::new("canary").unwrap())
            .root(root)
            .build()
    };
    for root in [
        "https://graph.microsoft.us",
        "https://graph.microsoft.com/",
        "http://localhost:1",
        "http://127.0.0.2:1",
        "http://[::1]:1",
    ] {
        assert!(build(root).is_ok(), "{root}");
    }
    for root in [
        "http://graph.microsoft.com",
        "http://127.0.0.1.example",
        "http://localhost.example",
        "https://user:canary@graph.microsoft.com",
        "https://graph.microsoft.com?x=canary",
        "https://user:canary@host:99999",
        "https://user:canary@[bad",
        "user:canary@host",
        "canary",
        "graph.microsoft.com",
        "file:///etc",
    ] {
        let error = build(root).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{root}");
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn what_is_secret_is_not_shown() {
    let secret = ClientSecret::new("tenant", "app", "canary").unwrap();
    let token = StaticToken::new("canary").unwrap();
    let access = AccessToken::new("canary").unwrap();
    let recorder = Recorder::default();
    let builder = Client::builder(secret.clone()).transport(recorder.clone());
    let builder = builder.root("https://user:canary@host");
    let shown = format!(
        "{secret:?} {token:?} {access:?} {builder:?} {:?}",
        recorder.client()
    );
    assert!(!shown.contains("canary"), "{shown}");

    #[graph_action(post = "/users/<id>/changePassword", scope = "User.ReadWrite.All")]
    struct ChangePassword {
        new_password: &'static str,
    }
    let request = ChangePassword {
        new_password: "canary",
    }
    .request("canary");
    let shown = format!("{request:?}");
    assert!(
        !shown.contains("canary") && shown.contains("/users/<id>/changePassword"),
        "{shown}"
    );

    Revoke.request().send(&recorder.client()).await.unwrap();
    // Nor does an HTTP library show it that prints the headers it sends.
    let sent = format!("{:?}", recorder.requests()[0].headers());
    assert!(
        !sent.contains("canary") && sent.contains("Sensitive"),
        "{sent}"
    );
}
