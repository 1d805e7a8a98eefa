//! What becomes of an answer?

use std::error::Error as _;

use graph_action::{Error, ErrorKind, graph_action};
use graph_action_tests::{RawServer, answer};
use serde::Deserialize;

#[graph_action(post = "/users/<id>/do", scope = "User.ReadWrite.All")]
struct Do;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = User)]
struct Get;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    display_name: String,
}

const JSON: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("request-id", "theirs"),
];

async fn done(bytes: Vec<u8>) -> Result<(), Error> {
    Do.request(1)
        .send(&RawServer::answering(bytes).client())
        .await
}

async fn got(bytes: Vec<u8>) -> Result<User, Error> {
    Get.request(1)
        .send(&RawServer::answering(bytes).client())
        .await
}

#[tokio::test]
async fn any_2xx_is_a_success_of_an_action_without_an_answer() {
    for status in [
        "200 OK",
        "201 Created",
        "202 Accepted",
        "204 No Content",
        "207 Multi-Status",
    ] {
        done(answer(status, &[], "")).await.unwrap();
    }
    done(answer("200 OK", JSON, r#"{"@odata.context":"x"}"#))
        .await
        .unwrap();
    done(answer("200 OK", &[], "<html>")).await.unwrap();
}

#[tokio::test]
async fn an_answer_is_read_as_its_type() {
    let user = got(answer(
        "200 OK",
        JSON,
        r#"{"displayName":"Adele","more":1}"#,
    ))
    .await
    .unwrap();
    assert_eq!(user.display_name, "Adele");
    // Whatever is said of its type.
    got(answer("201 Created", &[], r#"{"displayName":"Adele"}"#))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_empty_answer_is_told_from_a_wrong_one() {
    let error = got(answer("204 No Content", &[("request-id", "theirs")], ""))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Answer);
    assert!(error.to_string().contains("the answer is empty"), "{error}");
    assert_eq!(error.request_id(), Some("theirs"));
}

#[tokio::test]
async fn an_option_is_an_answer_that_may_be_empty() {
    #[graph_action(get = "/users/<id>/manager", scope = "User.Read.All", returns = Option<User>)]
    struct GetManager;

    for body in ["", "null"] {
        let server = RawServer::answering(answer("200 OK", JSON, body));
        let manager = GetManager.request(1).send(&server.client()).await.unwrap();
        assert_eq!(manager, None);
        // Where a user is expected, neither is one.
        let error = got(answer("200 OK", JSON, body)).await.unwrap_err();
        assert!(error.to_string().contains("the answer is empty"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_of_another_shape_is_told_without_its_content() {
    for body in [
        r#"{"displayName":{"canary":1}}"#,
        r#"[{"canary":1}]"#,
        r#"{"name":"canary"}"#,
        r#"{"displayName":"canary"} trailing"#,
        r#"{"displayName":"canary"#,
        r#""canary""#,
        r#"{"displayName":424242}"#,
        "canary",
    ] {
        let error = got(answer("200 OK", JSON, body)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Answer);
        let said = error.to_string();
        assert!(
            said.starts_with("GET /users/<id> (v1.0): the answer cannot be read: it "),
            "{said}"
        );
        assert!(said.contains("(line 1, column "), "{said}");
        assert_eq!(error.request_id(), Some("theirs"));
        assert!(error.client_request_id().is_some());
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_error_of_graph_is_read_whole() {
    let body = r#"{"error":{"code":"Forbidden","message":"Not you.","innerError":{
        "code":"outer","message":"why","date":"2026-11-21T10:00:00",
        "request-id":"body-theirs","client-request-id":"body-ours",
        "innererror":{"code":"inner"}}}}"#;
    let error = done(answer(
        "403 Forbidden",
        &[("request-id", "theirs"), ("client-request-id", "ours")],
        body,
    ));
    let error = error.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api);
    assert_eq!(error.status().unwrap(), 403);
    assert_eq!(
        (error.code(), error.message()),
        (Some("Forbidden"), Some("Not you."))
    );
    let inner = error.inner_error().unwrap();
    assert_eq!(
        (inner.code(), inner.message()),
        (Some("outer"), Some("why"))
    );
    assert_eq!(inner.inner_error().unwrap().code(), Some("inner"));
    assert_eq!(error.request_id(), Some("theirs"));
    let ours = error.client_request_id().unwrap();
    assert!(uuid::Uuid::parse_str(ours).is_ok());
    assert_eq!(
        error.to_string(),
        "POST /users/<id>/do (v1.0): Graph refused the call: 403 Forbidden, Forbidden: Not you. \
         (request-id theirs)"
    );
    // Behind a proxy that drops the headers, the ids of the body remain.
    let error = done(answer("403 Forbidden", &[], body)).await.unwrap_err();
    assert_eq!(error.request_id(), Some("body-theirs"));
}

#[tokio::test]
async fn an_error_of_graph_is_read_as_far_as_it_is_one() {
    for odd in [
        r#""innerError":"why""#,
        r#""innerError":{"code":7}"#,
        r#""innerError":{},"innererror":{}"#,
        r#""target":{},"details":7"#,
    ] {
        let body =
            format!(r#"{{"error":{{"code":"Odd","message":"Not\r\n\u001b[31myou.",{odd}}}}}"#);
        let error = done(answer("400 Bad Request", &[], &body))
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some("Odd"), "{odd}");
        assert_eq!(error.message(), Some("Not\r\n\u{1b}[31myou."));
        // A terminal is told nothing but the text.
        assert!(error.to_string().contains("Odd: Not   [31myou."), "{error}");
    }
    let error = done(answer(
        "400 Bad Request",
        &[],
        r#"{"error":{"code":7,"message":"m"}}"#,
    ))
    .await;
    assert_eq!(error.unwrap_err().message(), Some("m"));
}

#[tokio::test]
async fn an_error_that_is_none_of_graphs_keeps_its_status() {
    let endless = "x".repeat(100_000);
    let nested = format!(r#"{{"error":{}{}}}"#, r#"{"innerError":"#.repeat(1000), "1");
    for body in [
        "",
        "<html>",
        "{",
        r#"{"error":1}"#,
        "null",
        &endless,
        &nested,
    ] {
        let error = done(answer("502 Bad Gateway", &[("request-id", "theirs")], body))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Api, "{error}");
        assert_eq!(error.status().unwrap(), 502);
        assert_eq!(error.request_id(), Some("theirs"));
        assert!(error.client_request_id().is_some());
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = RawServer::answering(answer("200 OK", JSON, r#"{"displayName":"x"}"#));
    let location = format!("{}/v1.0/users/1", elsewhere.root());
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let error = got(answer(status, &[("location", &location)], ""))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Api);
        assert!(error.status().unwrap().is_redirection());
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_no_answer() {
    let bytes =
        b"HTTP/1.1 200 OK\r\nrequest-id: theirs\r\ncontent-length: 99\r\n\r\n{\"displayName\""
            .to_vec();
    let error = got(bytes).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(error.request_id(), Some("theirs"));
    assert!(error.source().is_some());
    let error = got(Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(
        error
            .to_string()
            .contains("no answer came back (client-request-id "),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_as_the_cause() {
    // Bound, so that it is nobody else's, and not listening.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let root = format!("http://{}", socket.local_addr().unwrap());
    let token = graph_action::credential::StaticToken::new("canary").unwrap();
    let graph = graph_action::Client::builder(token)
        .root(root)
        .build()
        .unwrap();
    let error = Do.request("canary").send(&graph).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    let mut causes = String::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push_str(&cause.to_string());
        source = cause.source();
    }
    assert!(causes.contains("onnection refused"), "{causes}");
    assert!(!format!("{error:?} {causes}").contains("canary"));
}

#[tokio::test]
async fn every_request_says_what_graph_asks_for() {
    let server = RawServer::answering(answer("204 No Content", &[], ""));
    let graph = server.client();
    Do.request(1).send(&graph).await.unwrap();
    Do.request(1).send(&graph).await.unwrap();
    let requests = server.requests();
    let mut ids = Vec::new();
    for request in &requests {
        assert!(
            request.contains("\r\nauthorization: Bearer canary-token\r\n"),
            "{request}"
        );
        assert!(request.contains("\r\naccept: application/json\r\n"));
        assert!(request.contains("\r\nuser-agent: graph-action/"));
        let id = request
            .lines()
            .find_map(|line| line.strip_prefix("client-request-id: "));
        ids.push(uuid::Uuid::parse_str(id.unwrap()).unwrap());
    }
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_call_can_be_made_from_any_thread() {
    fn is_send<T: Send>(_: &T) {}
    let server = RawServer::answering(answer("204 No Content", &[], ""));
    let graph = server.client();
    is_send(&Get.request(1).send(&graph));
    is_send(&Get.request(1));
}
