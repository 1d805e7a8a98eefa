//! Rows 50 to 71 but 66, and 77: what can go wrong between a client and its tokens.

use std::fs;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use graph_action::credential::{
    Chain, ClientAssertion, ClientCertificate, ClientSecret, Credential, ManagedIdentity,
    RefreshToken, StaticToken, WorkloadIdentity,
};
use graph_action::transport::HttpTransport;
use graph_action::{Client, ClientBuilder, Cloud, Error, ErrorKind, Retry, graph_action};
use graph_action_tests::{discreet, watch};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance};

use crate::case::DO;
use graph_action_tests::rude::{Move, Rude, done, reply, say};

#[graph_action(get = "/read", delegated = ["User.Read", "User.ReadWrite"], application = "User.Read.All")]
struct Read;

#[graph_action(get = "/mail", delegated = "Mail.Read", application = "Mail.Read")]
struct Mail;

const TENANT: &str = "contoso.example";

/// An identity platform and a Graph in one, and a client of both.
struct SignIn {
    server: Rude,
    graph: Client,
    began: Instant,
}

impl SignIn {
    /// With a platform that answers so, a Graph that is content, and an app with a secret.
    async fn new(platform: impl Fn(usize, &str) -> Move + Send + Sync + 'static) -> Self {
        Self::with(platform, |_, _| done(), secret()).await
    }

    async fn with(
        platform: impl Fn(usize, &str) -> Move + Send + Sync + 'static,
        graph: impl Fn(usize, &str) -> Move + Send + Sync + 'static,
        credential: impl Credential,
    ) -> Self {
        watch();
        let (tokens, calls) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let server = Rude::start(move |_, request| match is_for_token(request) {
            true => platform(tokens.fetch_add(1, Ordering::SeqCst), request),
            false => graph(calls.fetch_add(1, Ordering::SeqCst), request),
        })
        .await;
        let cloud = Cloud::custom(server.root(), server.root()).unwrap();
        let builder = Client::builder(credential).cloud(cloud);
        Self {
            graph: builder.build().unwrap(),
            server,
            began: Instant::now(),
        }
    }

    /// How often the platform was asked, and how often Graph.
    fn sends(&self) -> (usize, usize) {
        let seen = self.server.seen();
        let for_tokens = seen.iter().filter(|seen| is_for_token(&seen.text)).count();
        (for_tokens, seen.len() - for_tokens)
    }

    /// The bearers that Graph saw.
    fn bearers(&self) -> Vec<String> {
        let seen = self.server.seen();
        let header = |text: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| Some(line.strip_prefix("authorization: Bearer ")?.to_owned()))
        };
        seen.iter().filter_map(|seen| header(&seen.text)).collect()
    }

    /// Asserts what holds for every row of an error of the platform, and gives it back.
    fn refused<T: std::fmt::Debug>(
        &self,
        result: Result<T, Error>,
        sends: (usize, usize),
    ) -> Error {
        let error = result.unwrap_err();
        assert_eq!(self.sends(), sends, "{error:?}");
        assert!(
            self.began.elapsed() <= Duration::from_secs(101),
            "{error:?}"
        );
        discreet(&error);
        error
    }

    /// The calls of a crowd.
    async fn crowd(&self, count: usize) -> Vec<Result<(), Error>> {
        let mut calls = JoinSet::new();
        for _ in 0..count {
            let graph = self.graph.clone();
            calls.spawn(async move { DO.request().send(&graph).await });
        }
        calls.join_all().await
    }
}

fn is_for_token(request: &str) -> bool {
    request.contains("/oauth2/")
}

fn secret() -> ClientSecret {
    ClientSecret::new(TENANT, "app", "canary-secret").unwrap()
}

fn user() -> RefreshToken {
    RefreshToken::new(TENANT, "app", "canary-refresh").unwrap()
}

/// The form of a request, by name.
fn form(request: &str, name: &str) -> Option<String> {
    let (_, body) = request.split_once("\r\n\r\n")?;
    let mut pairs = url::form_urlencoded::parse(body.as_bytes());
    Some(pairs.find(|(key, _)| key == name)?.1.into_owned())
}

/// A grant of the token `canary-<number>`.
fn grant(number: usize) -> Move {
    lasting(number, json!(3600))
}

fn lasting(number: usize, expires_in: Value) -> Move {
    granted(json!({ "access_token": format!("canary-{number}"), "expires_in": expires_in }))
}

fn granted(grant: Value) -> Move {
    say(
        "200 OK",
        &[("content-type", "application/json")],
        &grant.to_string(),
    )
}

fn refusal(status: &str, error: &str, description: &str) -> Move {
    let body = json!({
        "error": error,
        "error_description": description,
        "trace_id": "trace",
        "correlation_id": "correlation",
        "unknown": "canary",
    });
    say(
        status,
        &[("content-type", "application/json")],
        &body.to_string(),
    )
}

#[tokio::test(start_paused = true)]
async fn row_50_line_ends_and_quotes_in_a_description() {
    let description = "AADSTS7000215: Invalid client secret provided. Ensure the \"secret\" of app 'x' is \
                       sent.\r\nTrace ID: trace\r\nCorrelation ID: correlation\r\nTimestamp: 2026-11-22 10:00:00Z";
    let case =
        SignIn::new(move |_, _| refusal("401 Unauthorized", "invalid_client", description)).await;
    let error = case.refused(DO.request().send(&case.graph).await, (1, 0));
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(error.code(), Some("AADSTS7000215"));
    assert_eq!(error.oauth_error(), Some("invalid_client"));
    let message = "Invalid client secret provided. Ensure the \"secret\" of app 'x' is sent.";
    assert_eq!(error.message(), Some(message));
    assert!(
        error
            .mend()
            .unwrap()
            .contains("take the value of the secret")
    );
    assert_eq!(error.request_id(), Some("trace"));
    assert_eq!(error.client_request_id(), Some("correlation"));
    assert!(error.to_string().contains("take the value of the secret"));
}

#[tokio::test(start_paused = true)]
async fn row_51_html_from_the_token_endpoint() {
    for (status, sends) in [("403 Forbidden", 1), ("502 Bad Gateway", 5)] {
        let html = "<html><title>canary</title></html>";
        let case =
            SignIn::new(move |_, _| say(status, &[("content-type", "text/html")], html)).await;
        let error = case.refused(DO.request().send(&case.graph).await, (sends, 0));
        assert_eq!(error.kind(), ErrorKind::Auth);
        assert_eq!(error.status().unwrap().to_string(), status);
        assert_eq!(error.code(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn row_52_a_refusal_is_shared() {
    let case = SignIn::new(|_, _| {
        refusal(
            "401 Unauthorized",
            "invalid_client",
            "AADSTS7000222: Expired.",
        )
    })
    .await;
    for result in case.crowd(100).await {
        let error = case.refused(result, (1, 0));
        assert_eq!(error.code(), Some("AADSTS7000222"));
        assert_eq!(error.request_id(), Some("trace"));
    }
    // It is remembered for a while, and then the secret may have been mended.
    case.refused(DO.request().send(&case.graph).await, (1, 0));
    advance(Duration::from_secs(6)).await;
    case.refused(DO.request().send(&case.graph).await, (2, 0));
}

#[tokio::test(start_paused = true)]
async fn row_53_a_platform_that_is_throttled() {
    let case = SignIn::new(|number, _| match number {
        0 => say("429 Too Many Requests", &[("retry-after", "2")], ""),
        _ => grant(number),
    })
    .await;
    for result in case.crowd(100).await {
        result.unwrap();
    }
    assert_eq!(case.sends(), (2, 100));
    let seen = case.server.seen();
    assert!(seen[1].at - seen[0].at >= Duration::from_secs(2));

    // Nobody waits beyond the time of the call, nor asks again meanwhile.
    let case =
        SignIn::new(|_, _| say("429 Too Many Requests", &[("retry-after", "86400")], "")).await;
    for result in case.crowd(100).await {
        let error = case.refused(result, (1, 0));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(86400)));
        assert_eq!(error.status().unwrap(), 429);
    }
    assert!(case.began.elapsed() < Duration::from_secs(1));
    advance(Duration::from_secs(59)).await;
    case.refused(DO.request().send(&case.graph).await, (1, 0));
    advance(Duration::from_secs(2)).await;
    case.refused(DO.request().send(&case.graph).await, (2, 0));
}

#[tokio::test(start_paused = true)]
async fn row_54_no_token_in_the_answer() {
    for answer in [
        json!({ "expires_in": 3600, "id_token": "canary" }),
        json!({ "access_token": null, "expires_in": 3600 }),
        json!({ "access_token": "", "expires_in": 3600 }),
        json!({ "access_token": ["canary"], "expires_in": 3600 }),
        json!({ "access_token": "canary\ntoken", "expires_in": 3600 }),
        json!("canary"),
    ] {
        let case = SignIn::new(move |_, _| granted(answer.clone())).await;
        let error = case.refused(DO.request().send(&case.graph).await, (1, 0));
        assert_eq!(error.kind(), ErrorKind::Auth);
    }
}

#[tokio::test(start_paused = true)]
async fn row_55_odd_lifetimes() {
    // How often the platform is asked for two calls, an hour and more between them.
    for (expires_in, asked) in [
        (json!("3599"), 2),
        (json!(86400), 1),
        (json!("86400.5"), 1),
        (json!(1e18), 1),
        (json!(u64::MAX), 1),
        (json!(0), 2),
        (json!(-1), 2),
        (json!("-1"), 2),
    ] {
        let said = expires_in.to_string();
        let case = SignIn::new(move |number, _| lasting(number, expires_in.clone())).await;
        DO.request().send(&case.graph).await.unwrap();
        advance(Duration::from_secs(3600)).await;
        DO.request().send(&case.graph).await.unwrap();
        assert_eq!(case.sends(), (asked, 2), "{said}");
    }
    for expires_in in [
        json!("canary"),
        json!(null),
        json!([]),
        json!("NaN"),
        json!(""),
    ] {
        let case = SignIn::new(move |_, _| lasting(0, expires_in.clone())).await;
        let error = case.refused(DO.request().send(&case.graph).await, (1, 0));
        assert_eq!(error.kind(), ErrorKind::Auth);
        assert_eq!(error.status().unwrap(), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn row_56_a_token_that_is_cut_off() {
    let cut = |_: usize, _: &str| {
        let whole = reply(
            "200 OK",
            &[],
            r#"{"expires_in":3600,"access_token":"canary-token"}"#,
        );
        Move::SayAndClose(whole[..whole.len() - 10].to_vec())
    };
    let case = SignIn::new(cut).await;
    let error = case.refused(DO.request().send(&case.graph).await, (5, 0));
    assert_eq!(error.kind(), ErrorKind::Auth);
    // To ask for a token twice does no harm.
    let case = SignIn::new(move |number, request| match number {
        0 => cut(number, request),
        _ => grant(number),
    })
    .await;
    DO.request().send(&case.graph).await.unwrap();
    assert_eq!(case.sends(), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_57_a_thousand_cold_callers() {
    let case = SignIn::new(|number, _| grant(number)).await;
    for result in case.crowd(1000).await {
        result.unwrap();
    }
    assert_eq!(case.sends(), (1, 1000));
}

#[tokio::test(start_paused = true)]
async fn row_58_a_slow_scope_holds_up_no_other() {
    let platform = |number, request: &str| {
        let scope = form(request, "scope").unwrap();
        let answer = json!({ "access_token": format!("canary-{number}"), "expires_in": 3600, "scope": scope });
        match scope.contains("User.Read") {
            true => Move::Later(
                Duration::from_secs(30),
                reply("200 OK", &[], &answer.to_string()),
            ),
            false => granted(answer),
        }
    };
    let case = SignIn::with(platform, |_, _| done(), user()).await;
    let slow = async {
        Read.request().send(&case.graph).await.unwrap();
        case.began.elapsed()
    };
    let quick = async {
        Mail.request().send(&case.graph).await.unwrap();
        case.began.elapsed()
    };
    let (slow, quick) = tokio::join!(slow, quick);
    assert!(slow >= Duration::from_secs(30) && quick < Duration::from_secs(1));
    assert_eq!(case.sends(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn row_59_another_takes_over() {
    let case = SignIn::new(|number, _| match number {
        0 => Move::Later(Duration::from_secs(50), vec![]),
        _ => grant(number),
    })
    .await;
    let send = || {
        let graph = case.graph.clone();
        tokio::spawn(async move { DO.request().send(&graph).await })
    };
    let leader = send();
    while case.sends() != (1, 0) {
        tokio::task::yield_now().await;
    }
    let follower = send();
    tokio::task::yield_now().await;
    leader.abort();
    follower.await.unwrap().unwrap();
    assert_eq!(case.sends(), (2, 1));
    assert_eq!(case.bearers(), ["canary-1"]);
}

#[tokio::test(start_paused = true)]
async fn row_60_the_order_of_scopes() {
    let platform = |number, request: &str| {
        let scope = form(request, "scope").unwrap();
        assert!(
            scope.contains("Mail.Read") && scope.contains("User.Read"),
            "{scope}"
        );
        granted(
            json!({ "access_token": format!("canary-{number}"), "expires_in": 3600, "scope": scope }),
        )
    };
    let case = SignIn::with(platform, |_, _| done(), user()).await;
    case.graph
        .sign_in(["User.Read", "Mail.Read"])
        .await
        .unwrap();
    case.graph
        .sign_in(["Mail.Read", "User.Read"])
        .await
        .unwrap();
    case.graph
        .sign_in(["Mail.Read", "User.Read", "Mail.Read"])
        .await
        .unwrap();
    // Each call needs one of the two.
    Read.request().send(&case.graph).await.unwrap();
    Mail.request().send(&case.graph).await.unwrap();
    assert_eq!(case.sends(), (1, 2));
}

/// A grant that is to be renewed after half its time.
fn renewed_in_time(number: usize) -> Move {
    granted(json!({
        "access_token": format!("canary-{number}"),
        "expires_in": 3600,
        "refresh_in": "1800",
    }))
}

/// Lets what is spawned come to its end.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn row_61_a_token_that_is_due() {
    let case = SignIn::new(|number, _| renewed_in_time(number)).await;
    DO.request().send(&case.graph).await.unwrap();
    advance(Duration::from_secs(1799)).await;
    DO.request().send(&case.graph).await.unwrap();
    assert_eq!(case.sends(), (1, 2));
    advance(Duration::from_secs(2)).await;
    for result in case.crowd(10).await {
        result.unwrap();
    }
    settle().await;
    assert_eq!(case.sends(), (2, 12));
    assert_eq!(case.bearers(), vec!["canary-0"; 12]);
    DO.request().send(&case.graph).await.unwrap();
    assert_eq!(case.bearers()[12], "canary-1");

    // Without a word of the platform's, when a tenth is left, or five minutes.
    let case = SignIn::new(|number, _| grant(number)).await;
    for (wait, asked) in [(0, 1), (3299, 1), (2, 2)] {
        advance(Duration::from_secs(wait)).await;
        DO.request().send(&case.graph).await.unwrap();
        settle().await;
        assert_eq!(case.sends().0, asked);
    }
}

#[tokio::test(start_paused = true)]
async fn row_62_a_token_that_cannot_be_renewed_in_time() {
    let case = SignIn::new(|number, _| match number {
        0 => renewed_in_time(number),
        _ => refusal(
            "400 Bad Request",
            "invalid_client",
            "AADSTS7000222: Expired.",
        ),
    })
    .await;
    // Tried again every half minute, while it is used.
    for (wait, asked) in [(0, 1), (1801, 2), (10, 2), (21, 3), (1700, 4)] {
        advance(Duration::from_secs(wait)).await;
        DO.request().send(&case.graph).await.unwrap();
        settle().await;
        assert_eq!(case.sends().0, asked, "after {wait}");
    }
    assert_eq!(case.bearers(), vec!["canary-0"; 5]);
    advance(Duration::from_secs(100)).await;
    let error = DO.request().send(&case.graph).await.unwrap_err();
    assert_eq!(case.sends(), (5, 5));
    assert_eq!(error.code(), Some("AADSTS7000222"));
    discreet(&error);
}

#[tokio::test(start_paused = true)]
async fn row_62_a_platform_that_asks_to_wait_or_to_hurry() {
    // It asks to wait for an hour, and is left alone for as long.
    let case = SignIn::new(|number, _| match number {
        0 => granted(json!({ "access_token": "canary-0", "expires_in": 86400, "refresh_in": 60 })),
        _ => say("429 Too Many Requests", &[("retry-after", "3600")], ""),
    })
    .await;
    for _ in 0..60 {
        DO.request().send(&case.graph).await.unwrap();
        advance(Duration::from_secs(60)).await;
        settle().await;
    }
    assert_eq!(case.sends(), (2, 60));

    // It says that each token is due at once: it is asked every half minute, and not for every call.
    let case = SignIn::new(|number, _| {
        granted(json!({ "access_token": format!("canary-{number}"), "expires_in": 3600, "refresh_in": 0 }))
    })
    .await;
    for _ in 0..50 {
        DO.request().send(&case.graph).await.unwrap();
        settle().await;
    }
    assert_eq!(case.sends(), (2, 50));
}

/// Asked for claims, the platform refuses; the next token is asked for without them, since Graph says it if they are
/// wanted still.
#[tokio::test(start_paused = true)]
async fn row_64_claims_that_cannot_be_had() {
    let platform = |number, request: &str| match form(request, "claims").unwrap().contains("nbf") {
        true => refusal(
            "400 Bad Request",
            "invalid_grant",
            "AADSTS50076: Use multi-factor.",
        ),
        false => grant(number),
    };
    let graph = |number, _: &str| match number {
        0 => challenge(&STANDARD.encode(CLAIMS)),
        _ => done(),
    };
    let case = SignIn::with(platform, graph, secret()).await;
    let error = case.refused(DO.request().send(&case.graph).await, (2, 1));
    assert_eq!(error.status().unwrap(), 401);
    advance(Duration::from_secs(6)).await;
    DO.request().send(&case.graph).await.unwrap();
    assert_eq!(case.sends(), (3, 2));
}

/// A token without the claims that Graph wants by now, from a renewal that began before, is none.
#[tokio::test(start_paused = true)]
async fn row_63_a_renewal_that_was_under_way() {
    let platform = |number, _: &str| match number {
        0 => renewed_in_time(0),
        1 => Move::Later(
            Duration::from_secs(10),
            reply(
                "200 OK",
                &[],
                r#"{"access_token":"canary-1","expires_in":3600}"#,
            ),
        ),
        _ => grant(number),
    };
    let graph = |number, _: &str| match number {
        2 => challenge(&STANDARD.encode(CLAIMS)),
        _ => done(),
    };
    let case = SignIn::with(platform, graph, secret()).await;
    DO.request().send(&case.graph).await.unwrap();
    advance(Duration::from_secs(1801)).await;
    DO.request().send(&case.graph).await.unwrap();
    settle().await;
    // While the renewal is behind, the token is refused.
    DO.request().send(&case.graph).await.unwrap();
    assert_eq!(
        case.bearers(),
        ["canary-0", "canary-0", "canary-0", "canary-2"]
    );
    let seen = case.server.seen();
    let asked = seen.iter().filter_map(|seen| form(&seen.text, "claims"));
    let asked: Vec<bool> = asked.map(|claims| claims.contains("nbf")).collect();
    assert_eq!(asked, [false, false, true]);
}

/// The time that the platform takes is no part of a token's life.
#[tokio::test(start_paused = true)]
async fn row_55_a_slow_platform() {
    let answer = r#"{"access_token":"canary-0","expires_in":60}"#;
    let case = SignIn::new(move |number, _| match number {
        0 => Move::Later(Duration::from_secs(50), reply("200 OK", &[], answer)),
        _ => grant(number),
    })
    .await;
    DO.request().send(&case.graph).await.unwrap();
    advance(Duration::from_secs(11)).await;
    DO.request().send(&case.graph).await.unwrap();
    assert_eq!(case.bearers(), ["canary-0", "canary-1"]);
}

const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;

/// A 401 of continuous access evaluation.
fn challenge(claims: &str) -> Move {
    let header = format!(
        "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
         client_id=\"00000003-0000-0000-c000-000000000000\", error=\"insufficient_claims\", claims=\"{claims}\""
    );
    challenge_of(&[&header])
}

fn challenge_of(headers: &[&str]) -> Move {
    let headers: Vec<_> = headers
        .iter()
        .map(|header| ("www-authenticate", *header))
        .collect();
    let body = r#"{"error":{"code":"InvalidAuthenticationToken","message":"Continuous access evaluation resulted in challenge"}}"#;
    say("401 Unauthorized", &headers, body)
}

#[tokio::test(start_paused = true)]
async fn row_63_a_claims_challenge() {
    let padded = STANDARD.encode(CLAIMS);
    let bare = URL_SAFE_NO_PAD.encode(CLAIMS);
    for claims in [padded, bare] {
        let graph = move |number, _: &str| match number {
            1 => challenge(&claims),
            _ => done(),
        };
        let case = SignIn::with(|number, _| grant(number), graph, secret()).await;
        DO.request().send(&case.graph).await.unwrap();
        DO.request().send(&case.graph).await.unwrap();
        DO.request().send(&case.graph).await.unwrap();
        assert_eq!(case.sends(), (2, 4));
        assert_eq!(
            case.bearers(),
            ["canary-0", "canary-0", "canary-1", "canary-1"]
        );
        let seen = case.server.seen();
        let body = |index: usize| {
            seen[index]
                .text
                .split_once("\r\n\r\n")
                .unwrap()
                .1
                .to_owned()
        };
        assert_eq!(body(2), body(4));
        let claims = |index: usize| -> Value {
            serde_json::from_str(&form(&seen[index].text, "claims").unwrap()).unwrap()
        };
        let able = json!({ "values": ["cp1"] });
        assert_eq!(claims(0), json!({ "access_token": { "xms_cc": able } }));
        let nbf = json!({ "essential": true, "value": "1604106651" });
        assert_eq!(
            claims(3),
            json!({ "access_token": { "nbf": nbf, "xms_cc": able } })
        );
    }
}

#[tokio::test(start_paused = true)]
async fn row_64_a_second_challenge() {
    let graph = |_, _: &str| challenge(&STANDARD.encode(CLAIMS));
    let case = SignIn::with(|number, _| grant(number), graph, secret()).await;
    let error = case.refused(DO.request().send(&case.graph).await, (2, 2));
    assert_eq!(error.kind(), ErrorKind::Api);
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(error.code(), Some("InvalidAuthenticationToken"));
    assert_eq!(error.request_id(), Some("theirs"));
    // For who has to bring them: the caller of a web API.
    let claims: Value = serde_json::from_str(error.claims().unwrap()).unwrap();
    assert_eq!(claims, serde_json::from_str::<Value>(CLAIMS).unwrap());

    // The platform refuses them: that is why the 401 stays.
    let platform = |number, _: &str| match number {
        0 => grant(0),
        _ => refusal(
            "400 Bad Request",
            "interaction_required",
            "AADSTS50076: Use multi-factor.",
        ),
    };
    let graph = |_, _: &str| challenge(&STANDARD.encode(CLAIMS));
    let case = SignIn::with(platform, graph, secret()).await;
    let error = case.refused(DO.request().send(&case.graph).await, (2, 1));
    assert_eq!(error.status().unwrap(), 401);
    assert!(error.claims().is_some());
    assert!(discreet(&error).contains("AADSTS50076"));
}

/// The platform puts all that a user has consented to into each token. If they are all revoked, the call is sent again
/// with a new one, and not with another that is as old.
#[tokio::test(start_paused = true)]
async fn row_63_other_tokens_at_hand_are_as_old() {
    let platform = |number, request: &str| {
        let scope = form(request, "scope").unwrap();
        let scope = match number {
            0 => scope,
            _ => format!("{scope} User.Read"),
        };
        granted(
            json!({ "access_token": format!("canary-{number}"), "expires_in": 3600, "scope": scope }),
        )
    };
    let graph = |number, request: &str| {
        let is_old = request.contains("canary-0") || request.contains("canary-1");
        match number > 1 && is_old {
            true => challenge(&STANDARD.encode(CLAIMS)),
            false => done(),
        }
    };
    let case = SignIn::with(platform, graph, user()).await;
    Read.request().send(&case.graph).await.unwrap();
    Mail.request().send(&case.graph).await.unwrap();
    Read.request().send(&case.graph).await.unwrap();
    assert_eq!(
        case.bearers(),
        ["canary-0", "canary-1", "canary-0", "canary-2"]
    );
    assert_eq!(case.sends(), (3, 4));
    assert!(
        form(&case.server.seen()[5].text, "claims")
            .unwrap()
            .contains("nbf")
    );
}

#[tokio::test(start_paused = true)]
async fn row_65_challenges_that_are_malformed() {
    let claims = STANDARD.encode(CLAIMS);
    let not_json = STANDARD.encode("not json");
    let no_object = STANDARD.encode("[]");
    let empty = STANDARD.encode("{}");
    let text = STANDARD.encode(r#"{"access_token":"text"}"#);
    for header in [
        "Bearer error=\"insufficient_claims\"".to_owned(),
        format!("Bearer error=\"insufficient_claims\", claims=\"{text}\""),
        "Bearer error=\"insufficient_claims\", claims=\"\"".to_owned(),
        "Bearer error=\"insufficient_claims\", claims=\"%%%\"".to_owned(),
        format!("Bearer error=\"insufficient_claims\", claims=\"{not_json}\""),
        format!("Bearer error=\"insufficient_claims\", claims=\"{no_object}\""),
        format!("Bearer error=\"insufficient_claims\", claims=\"{empty}\""),
        format!("Bearer error=\"insufficient_claims\", claims=\"{claims}"),
        format!("Bearer error=\"invalid_token\", claims=\"{claims}\""),
        format!("Basic error=\"insufficient_claims\", claims=\"{claims}\""),
        format!("error=\"insufficient_claims\", claims=\"{claims}\""),
    ] {
        let said = header.clone();
        let graph = move |_, _: &str| challenge_of(&[&header]);
        let case = SignIn::with(|number, _| grant(number), graph, secret()).await;
        let error = case.refused(DO.request().send(&case.graph).await, (1, 1));
        assert_eq!(error.status().unwrap(), 401, "{said}");
        assert_eq!(error.request_id(), Some("theirs"));
        assert_eq!(error.claims(), None);
    }
    // One among others is read.
    let graph = move |number, _: &str| match number {
        0 => challenge_of(&[
            "Basic realm=\"x\"",
            &format!("Bearer error=\"insufficient_claims\", claims=\"{claims}\""),
        ]),
        _ => done(),
    };
    let case = SignIn::with(|number, _| grant(number), graph, secret()).await;
    DO.request().send(&case.graph).await.unwrap();
    assert_eq!(case.sends(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn row_67_a_federated_token_that_rotates() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let path = format!("{folder}/federated-token");
    fs::write(&path, "canary-first\n").unwrap();
    let credential = WorkloadIdentity::new(TENANT, "app", &path).unwrap();
    let platform = |number, request: &str| {
        let wanted = ["canary-first", "canary-second"][number];
        assert_eq!(form(request, "client_assertion").unwrap(), wanted);
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        assert_eq!(form(request, "client_assertion_type").unwrap(), kind);
        grant(number)
    };
    let case = SignIn::with(platform, |_, _| done(), credential).await;
    DO.request().send(&case.graph).await.unwrap();
    fs::write(&path, "canary-second").unwrap();
    advance(Duration::from_secs(3601)).await;
    DO.request().send(&case.graph).await.unwrap();
    assert_eq!(case.sends(), (2, 2));

    fs::remove_file(&path).unwrap();
    advance(Duration::from_secs(3601)).await;
    let error = DO.request().send(&case.graph).await.unwrap_err();
    assert!(discreet(&error).contains(&path));
    assert_eq!(case.sends(), (2, 2));
}

/// What an assertion says, unverified.
fn part(assertion: &str, index: usize) -> Value {
    let part = assertion.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn row_68_an_assertion_that_has_expired() {
    let expired = "AADSTS700024: Client assertion is not within its valid time range.";
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let credential = ClientAssertion::new(TENANT, "app", move |audience| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        async move { Ok(format!("canary-assertion-{number} for {audience}")) }
    });
    let platform = move |number, request: &str| {
        let assertion = form(request, "client_assertion").unwrap();
        assert!(assertion.starts_with(&format!("canary-assertion-{number} for http://127.0.0.1:")));
        assert!(assertion.ends_with("/contoso.example/oauth2/v2.0/token"));
        match number {
            0 => refusal("401 Unauthorized", "invalid_client", expired),
            _ => grant(number),
        }
    };
    let case = SignIn::with(platform, |_, _| done(), credential.unwrap()).await;
    DO.request().send(&case.graph).await.unwrap();
    assert_eq!((case.sends(), count.load(Ordering::SeqCst)), ((2, 1), 2));

    // Once: what is still expired is told. That of a certificate is made by the platform's clock then.
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    let pem = certificate.pem() + &key.serialize_pem();
    let credential = ClientCertificate::from_pem(TENANT, "app", pem.as_bytes()).unwrap();
    let platform = move |_, _: &str| {
        let body = json!({ "error": "invalid_client", "error_description": expired });
        say(
            "401 Unauthorized",
            &[("date", "Fri, 01 Jan 2038 00:00:00 GMT")],
            &body.to_string(),
        )
    };
    let case = SignIn::with(platform, |_, _| done(), credential).await;
    let error = case.refused(DO.request().send(&case.graph).await, (2, 0));
    assert_eq!(error.code(), Some("AADSTS700024"));
    let seen = case.server.seen();
    let assertion = |index: usize| form(&seen[index].text, "client_assertion").unwrap();
    let iat = |index: usize| part(&assertion(index), 1)["iat"].as_u64().unwrap();
    assert_eq!(iat(1), 2_145_916_800);
    assert!(iat(0) < iat(1));
    let claims = part(&assertion(1), 1);
    assert_eq!(
        (claims["iss"].as_str(), claims["sub"].as_str()),
        (Some("app"), Some("app"))
    );
    assert!(
        claims["aud"]
            .as_str()
            .unwrap()
            .ends_with("/contoso.example/oauth2/v2.0/token")
    );
    assert_eq!(claims["exp"].as_u64().unwrap() - iat(1), 300);
    assert_ne!(claims["jti"], part(&assertion(0), 1)["jti"]);
    let header = part(&assertion(1), 0);
    assert_eq!(header["alg"], "PS256");
    use sha2::Digest as _;
    let thumbprint = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(certificate.der()));
    assert_eq!(header["x5t#S256"], thumbprint);
}

#[tokio::test]
async fn row_69_a_tenant_that_is_a_path() {
    for tenant in [
        "../x", "..", "", "a/b", "a?b", "a#b", "a%2fb", "a b", "a\r\nb", "a@b", "a:1",
    ] {
        let refused = |error: Error| {
            assert_eq!(error.kind(), ErrorKind::Config, "{tenant:?}");
            discreet(&error);
        };
        refused(ClientSecret::new(tenant, "app", "canary").unwrap_err());
        refused(RefreshToken::new(tenant, "app", "canary").unwrap_err());
        refused(WorkloadIdentity::new(tenant, "app", "file").unwrap_err());
    }
}

#[tokio::test]
async fn row_70_an_authority_without_tls() {
    for authority in [
        "http://login.example",
        "http://127.0.0.1.example",
        "ftp://127.0.0.1",
        "login",
    ] {
        let error = secret().authority(authority).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        discreet(&error);
        let error = Cloud::custom("https://graph.example", authority).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let error = Cloud::custom(authority, "https://login.example").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[tokio::test(start_paused = true)]
async fn row_71_instance_metadata_that_is_updated() {
    let metadata = |gone: usize| {
        Rude::start(move |number, request| {
            assert!(request.contains("metadata: true\r\n"), "{request}");
            match number < gone {
                true => say("410 Gone", &[], ""),
                false => granted(json!({ "access_token": "canary-token", "expires_in": "86399" })),
            }
        })
    };
    let graph = Rude::start(|_, _| done()).await;
    let client = |metadata: &Rude| {
        let credential = ManagedIdentity::user_assigned("id of it").address(metadata.root());
        let builder = Client::builder(credential.unwrap()).root(graph.root());
        // The budget is the service's own, whatever the policy says.
        builder.retry(Retry::never()).build().unwrap()
    };
    let server = metadata(6).await;
    let began = Instant::now();
    DO.request().send(&client(&server)).await.unwrap();
    let seen = server.seen();
    assert_eq!((seen.len(), graph.seen().len()), (7, 1));
    let line = seen[0].text.lines().next().unwrap();
    let resource = graph.root().replace(':', "%3A").replace('/', "%2F");
    assert_eq!(
        line,
        format!(
            "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource={resource}&client_id=id+of+it HTTP/1.1"
        )
    );
    assert!(began.elapsed() > Duration::from_secs(50));

    let server = metadata(usize::MAX).await;
    let began = Instant::now();
    let error = DO.request().send(&client(&server)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::Auth, 410)
    );
    // It is gone for 70 s at most.
    assert!(
        began.elapsed() >= Duration::from_secs(70) && began.elapsed() < Duration::from_secs(100)
    );
    discreet(&error);
}

#[tokio::test(start_paused = true)]
async fn row_71_instance_metadata_that_says_odd_things() {
    // How long to wait: never less than the back-off, nor longer than there is time.
    for (wait, sends) in [
        ("0", 8),
        ("Fri, 01 Jan 1999 00:00:00 GMT", 8),
        ("99999999999999999999", 1),
    ] {
        let server =
            Rude::start(move |_, _| say("429 Too Many Requests", &[("retry-after", wait)], ""))
                .await;
        let machine = ManagedIdentity::system_assigned()
            .address(server.root())
            .unwrap();
        let graph = Client::builder(machine).build().unwrap();
        let error = DO.request().send(&graph).await.unwrap_err();
        assert_eq!(server.seen().len(), sends, "{wait}");
        assert!(discreet(&error).contains("the instance metadata service"));
    }
    // A call that has no time says nothing of the machine.
    let server = Rude::start(|_, _| Move::Later(Duration::from_secs(3), vec![])).await;
    let machine = ManagedIdentity::system_assigned()
        .address(server.root())
        .unwrap();
    let graph = Client::builder(machine)
        .timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    let error = DO.request().send(&graph).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    // Another host's metadata service does not know the path: that is no machine of Azure, at once.
    let html = [("content-type", "text/html")];
    let server = Rude::start(move |_, _| say("404 Not Found", &html, "<html>canary")).await;
    let machine = ManagedIdentity::system_assigned()
        .address(server.root())
        .unwrap();
    let error = DO
        .request()
        .send(&Client::builder(machine).build().unwrap())
        .await
        .unwrap_err();
    assert!(discreet(&error).contains("there is no managed identity here"));
    assert_eq!(server.seen().len(), 1);
}

/// Where there is no such service, a proxy would answer in its place, and get the token's request.
#[tokio::test(start_paused = true)]
async fn row_71_instance_metadata_and_a_proxy() {
    let proxy = Rude::start(|_, _| say("200 OK", &[], "canary")).await;
    let transport = HttpTransport::builder().proxy(proxy.root()).unwrap();
    let builder = Client::builder(ManagedIdentity::system_assigned());
    let graph = builder
        .transport(transport.build().unwrap())
        .build()
        .unwrap();
    let error = DO.request().send(&graph).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(proxy.seen().len(), 0);
    discreet(&error);
    // Not even on another machine's word.
    let elsewhere = ManagedIdentity::system_assigned().address("https://metadata.example");
    assert_eq!(elsewhere.unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn row_77_clouds_that_do_not_belong_together() {
    let token = || StaticToken::new("canary").unwrap();
    let clouds = [
        (
            Cloud::GLOBAL,
            "graph.microsoft.com",
            "login.microsoftonline.com",
        ),
        (
            Cloud::US_GOV_L4,
            "graph.microsoft.us",
            "login.microsoftonline.us",
        ),
        (
            Cloud::US_GOV_L5,
            "dod-graph.microsoft.us",
            "login.microsoftonline.us",
        ),
        (
            Cloud::CHINA,
            "microsoftgraph.chinacloudapi.cn",
            "login.chinacloudapi.cn",
        ),
        (
            Cloud::BLEU,
            "graph.svc.sovcloud.fr",
            "login.sovcloud-identity.fr",
        ),
        (
            Cloud::DELOS,
            "graph.svc.sovcloud.de",
            "login.sovcloud-identity.de",
        ),
        (
            Cloud::GOV_SG,
            "graph.svc.sovcloud.sg",
            "login.sovcloud-identity.sg",
        ),
    ];
    for (cloud, graph, authority) in &clouds {
        assert_eq!(cloud.graph(), format!("https://{graph}"));
        assert_eq!(cloud.authority(), format!("https://{authority}"));
        for (_, other_graph, other_authority) in &clouds {
            let is_one = graph == other_graph;
            let build = |builder: ClientBuilder| match builder.build() {
                Ok(_) => true,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Config);
                    discreet(&error);
                    false
                }
            };
            let scope = format!("https://{other_graph}/.default");
            assert_eq!(
                build(Client::builder(token()).cloud(cloud.clone()).scope(scope)),
                is_one
            );
            let root = format!("https://{other_graph}/");
            let builder = Client::builder(token()).cloud(cloud.clone()).root(root);
            // Two levels of one government have one identity platform, and each its own tokens.
            assert_eq!(build(builder), is_one);
            let credential = secret()
                .authority(&format!("https://{other_authority}"))
                .unwrap();
            let builder = Client::builder(credential).cloud(cloud.clone());
            assert_eq!(
                build(builder),
                authority == other_authority,
                "{graph} {other_authority}"
            );
            let custom = Cloud::custom(
                &format!("https://{graph}"),
                &format!("https://{other_authority}"),
            );
            assert_eq!(custom.is_ok(), authority == other_authority);
        }
        // A gateway before it is another matter.
        let builder = Client::builder(secret()).cloud(cloud.clone());
        assert!(
            builder
                .root("https://gateway.example/graph")
                .build()
                .is_ok()
        );
    }
    // Nor behind a gateway, in a chain, or under another name.
    let gateway = "https://gateway.example";
    let of = |authority: &str| secret().authority(authority).unwrap();
    let china = "https://login.partner.microsoftonline.cn";
    let us = "https://graph.microsoft.us/.default";
    for builder in [
        Client::builder(of("https://login.microsoftonline.com"))
            .root(gateway)
            .scope(us),
        Client::builder(of("https://login.microsoftonline.com"))
            .root(gateway)
            .cloud(Cloud::CHINA),
        Client::builder(Chain::new().or(token()).or(of(china))),
        Client::builder(of(china)),
        Client::builder(token())
            .root(gateway)
            .cloud(Cloud::GLOBAL)
            .scope(us),
    ] {
        assert_eq!(builder.build().unwrap_err().kind(), ErrorKind::Config);
    }
    assert!(
        Client::builder(of(china))
            .cloud(Cloud::CHINA)
            .build()
            .is_ok()
    );
    assert!(
        Client::builder(of("https://login.windows.net"))
            .build()
            .is_ok()
    );
    // A gateway whose scope is of a cloud asks at its platform.
    let of_us = of("https://login.microsoftonline.us");
    assert!(
        Client::builder(of_us)
            .root(gateway)
            .scope(us)
            .build()
            .is_ok()
    );
    let graph = Client::builder(token()).build().unwrap();
    let elsewhere = secret()
        .authority("https://login.chinacloudapi.cn")
        .unwrap();
    assert_eq!(
        graph.with_credential(elsewhere).unwrap_err().kind(),
        ErrorKind::Config
    );
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_is_not_there() {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let credential = secret().authority(&root).unwrap();
    let graph = Client::builder(credential).build().unwrap();
    let began = Instant::now();
    let error = DO.request().send(&graph).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(discreet(&error).contains("did not answer"));
    // It was tried again.
    assert!(began.elapsed() >= Duration::from_millis(400));
}
