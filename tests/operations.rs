//! Is a long-running operation watched to its end?

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use graph_action::{Error, ErrorKind, Operation, graph_action};
use graph_action_tests::{RawServer, answer};
use serde::Deserialize;

#[graph_action(post = "/teams/<id>/clone", scope = "Team.Create", returns = Operation<Clone>)]
struct CloneTeam {
    parts: &'static str,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Clone {
    target_resource_id: String,
}

#[graph_action(post = "/drive/items/<id>/copy", scope = "Files.ReadWrite.All", returns = Operation<()>)]
struct Copy {
    name: &'static str,
}

/// A server that accepts a `POST` with `location`, and gives the others the answers in their order.
fn server(name: &'static str, location: &'static str, answers: Vec<Vec<u8>>) -> RawServer {
    let count = AtomicUsize::new(0);
    RawServer::start(move |request| {
        if request.starts_with("POST ") {
            let host = request
                .lines()
                .find_map(|line| line.strip_prefix("host: "))
                .unwrap();
            let location = location.replace("{root}", &format!("http://{host}"));
            return answer(
                "202 Accepted",
                &[(name, &location), ("retry-after", "0")],
                "",
            );
        }
        answers[count.fetch_add(1, Ordering::SeqCst)].clone()
    })
}

fn state(status: &str, body: &str) -> Vec<u8> {
    answer(status, &[("retry-after", "0")], body)
}

async fn cloned(server: &RawServer) -> Result<Clone, Error> {
    let request = CloneTeam { parts: "apps" }.request(1);
    request.send(&server.client()).await.unwrap().wait().await
}

#[tokio::test]
async fn an_operation_is_looked_at_until_it_has_succeeded() {
    let server = server(
        "location",
        // As Teams says it: from the version on.
        "/teams('1')/operations('2')",
        vec![
            state("200 OK", r#"{"status":"notStarted"}"#),
            state("202 Accepted", ""),
            state("200 OK", r#"{"status":"inProgress"}"#),
            state("200 OK", r#"{"status":"succeeded","targetResourceId":"t"}"#),
        ],
    );
    assert_eq!(
        cloned(&server).await.unwrap(),
        Clone {
            target_resource_id: "t".to_owned()
        }
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 5);
    for request in &requests[1..] {
        assert!(
            request.starts_with("GET /v1.0/teams('1')/operations('2') "),
            "{request}"
        );
        assert!(request.contains("\r\nauthorization: Bearer canary-token\r\n"));
    }
}

#[tokio::test]
async fn an_operation_that_fails_says_why() {
    let body =
        r#"{"status":"failed","error":{"code":"Conflict","message":"There is one already."}}"#;
    let answers = vec![answer("200 OK", &[("request-id", "theirs")], body)];
    let server = server("operation-location", "{root}/v1.0/operations/2", answers);
    let error = cloned(&server).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Operation);
    assert_eq!(
        (error.code(), error.message()),
        (Some("Conflict"), Some("There is one already."))
    );
    assert_eq!(error.request_id(), Some("theirs"));
}

#[tokio::test]
async fn an_operation_elsewhere_is_looked_at_without_the_token() {
    let monitor = RawServer::answering(state(
        "200 OK",
        r#"{"status":"completed","resourceId":"r"}"#,
    ));
    let location = format!("{}/monitor?key=1", monitor.root());
    let accepted = answer("202 Accepted", &[("location", &location)], "");
    let server = RawServer::answering(accepted);
    let mut operation = Copy { name: "a" }
        .request(1)
        .send(&server.client())
        .await
        .unwrap();
    assert_eq!(operation.location(), Some(location.as_str()));
    assert_eq!(operation.retry_after(), None);
    assert_eq!(operation.poll().await.unwrap(), Some(()));
    // Once more is not asked for.
    assert_eq!(operation.poll().await.unwrap(), Some(()));
    let requests = monitor.requests();
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].contains("authorization"), "{}", requests[0]);
}

#[tokio::test]
async fn an_unsafe_address_is_not_looked_at() {
    for location in [
        "http://monitor.example/1",
        "ftp://x/1",
        "https://user:canary@monitor.example/1",
        "x",
    ] {
        let server = RawServer::answering(answer("202 Accepted", &[("location", location)], ""));
        let mut operation = Copy { name: "a" }
            .request(1)
            .send(&server.client())
            .await
            .unwrap();
        let error = operation.poll().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Answer, "{location}");
        assert!(!format!("{error} {error:?}").contains("canary"));
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn an_operation_that_is_done_at_once_is_not_looked_at() {
    let server = RawServer::answering(answer("200 OK", &[], r#"{"targetResourceId":"t"}"#));
    assert_eq!(
        cloned(&server).await.unwrap(),
        Clone {
            target_resource_id: "t".to_owned()
        }
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_operation_without_an_address_cannot_be_looked_at() {
    let server = RawServer::answering(answer("202 Accepted", &[], ""));
    let mut operation = Copy { name: "a" }
        .request(1)
        .send(&server.client())
        .await
        .unwrap();
    assert_eq!(
        operation.poll().await.unwrap_err().kind(),
        ErrorKind::Answer
    );
}

#[tokio::test]
async fn an_operation_is_resumed_where_it_was_left() {
    let server = RawServer::answering(state("200 OK", r#"{"status":"inProgress"}"#));
    let location = format!("{}/v1.0/operations/2", server.root());
    let mut operation = Operation::<Clone>::resume(&server.client(), location);
    assert_eq!(operation.poll().await.unwrap(), None);
    assert_eq!(operation.retry_after(), Some(Duration::ZERO));
}
