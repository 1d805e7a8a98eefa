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
    let mut operation = request.send(&server.client()).await.unwrap();
    operation.wait().await
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

#[tokio::test]
async fn a_location_is_made_whole_by_the_one_who_gave_it() {
    #[graph_action(post = "/x", scope = "User.Read", version = "beta", returns = Operation<()>)]
    struct Begin;

    for (location, expected) in [
        ("/operations('1')", "{root}/beta/operations('1')"),
        ("/v1.0/operations('1')", "{root}/v1.0/operations('1')"),
        ("/beta/operations('1')", "{root}/beta/operations('1')"),
        ("operations/1", "{root}/beta/operations/1"),
        ("{root}/v1.0/operations/1", "{root}/v1.0/operations/1"),
        ("//monitor.example/1", "http://monitor.example/1"),
    ] {
        let server = server("location", location, Vec::new());
        let operation = Begin.request().send(&server.client()).await.unwrap();
        let expected = expected.replace("{root}", server.root());
        assert_eq!(operation.location(), Some(expected.as_str()), "{location}");
    }

    // A monitor elsewhere speaks of itself.
    let monitor = RawServer::answering(answer("202 Accepted", &[("location", "/status/2")], ""));
    let location = format!("{}/status/1", monitor.root());
    let server = RawServer::answering(answer("202 Accepted", &[("location", &location)], ""));
    let mut operation = Begin.request().send(&server.client()).await.unwrap();
    assert_eq!(operation.poll().await.unwrap(), None);
    let expected = format!("{}/status/2", monitor.root());
    assert_eq!(operation.location(), Some(expected.as_str()));
}

#[tokio::test]
async fn what_an_operation_has_made_is_behind_a_redirect() {
    let answers = vec![
        answer("303 See Other", &[("location", "/v1.0/teams/t")], ""),
        answer("200 OK", &[], r#"{"targetResourceId":"t"}"#),
    ];
    let server = server("location", "/operations('1')", answers);
    assert_eq!(
        cloned(&server).await.unwrap(),
        Clone {
            target_resource_id: "t".to_owned()
        }
    );
}

#[tokio::test]
async fn an_error_while_waiting_does_not_end_the_operation() {
    let answers = vec![
        answer("503 Service Unavailable", &[], ""),
        state("200 OK", r#"{"status":"succeeded","targetResourceId":"t"}"#),
    ];
    let server = server("location", "/operations('1')", answers);
    let request = CloneTeam { parts: "apps" }.request(1);
    let mut operation = request.send(&server.client()).await.unwrap();
    assert_eq!(operation.wait().await.unwrap_err().status().unwrap(), 503);
    assert_eq!(operation.wait().await.unwrap().target_resource_id, "t");
}

/// Every status that the service's enumerations have either goes on or ends, and none for ever.
#[tokio::test]
async fn every_status_is_understood() {
    let goes_on = [
        "notStarted",
        "running",
        "inProgress",
        "inprogress",
        "active",
        "pending",
    ];
    let succeeds = ["succeeded", "complete", "completed"];
    let ends = [
        "failed",
        "submissionFailed",
        "completedWithErrors",
        "partiallySuccessful",
        "partiallySucceeded",
        "invalid",
        "canceled",
        "somethingNew",
    ];
    let look = async |status: &str| {
        let server = RawServer::answering(state("200 OK", &format!(r#"{{"status":"{status}"}}"#)));
        let location = format!("{}/v1.0/operations/2", server.root());
        let mut operation = Operation::<()>::resume(&server.client(), location);
        operation.poll().await
    };
    for status in goes_on {
        assert_eq!(look(status).await.unwrap(), None, "{status}");
    }
    for status in succeeds {
        assert_eq!(look(status).await.unwrap(), Some(()), "{status}");
    }
    for status in ends {
        let error = look(status).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Operation);
        assert!(
            error
                .to_string()
                .contains(&format!("has ended as `{status}`")),
            "{error}"
        );
    }
}
