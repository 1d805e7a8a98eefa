//! Rows 80 to 84: values of the caller.

use graph_action::{Error, ErrorKind, PathValue, QueryValue, Request, graph_action};

use crate::case::{Case, discreet};
use graph_action_tests::rude::done;

#[graph_action(post = "/users/<id>/act", scope = "User.ReadWrite.All")]
struct Act;

#[graph_action(get = "/users/find(name='<name>')", scope = "User.Read.All")]
struct Find;

#[graph_action(post = "/act", scope = "User.ReadWrite.All")]
struct Conditional {
    #[graph(header = "If-Match")]
    etag: &'static str,
}

/// Asserts that a request is refused before anything is sent.
async fn refused<A: graph_action::Action>(request: Request<A>) -> Error
where
    A::Response: std::fmt::Debug,
{
    let case = Case::new(|_, _| done()).await;
    let error = request.send(&case.graph).await.unwrap_err();
    assert!(case.server.seen().is_empty());
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(!error.is_outcome_unknown());
    discreet(&error);
    error
}

fn act(id: impl PathValue) -> Request<Act> {
    Act.request(id)
}

fn find(name: impl QueryValue) -> Request<Find> {
    Find.request(name)
}

#[tokio::test]
async fn row_80_values_that_leave_their_place() {
    for value in ["", ".", ".."] {
        let error = refused(act(value)).await;
        assert!(error.to_string().contains("`id`"), "{error}");
    }
}

#[tokio::test]
async fn row_81_control_characters_in_a_path() {
    for char in ['\r', '\n', '\t', '\0'] {
        refused(act(format!("canary{char}"))).await;
        refused(find(format!("canary{char}"))).await;
    }
}

#[tokio::test]
async fn row_82_what_stays_within_its_segment() {
    for (value, sent) in [
        ("a/b?c#d%e\\f g", "a%2Fb%3Fc%23d%25e%5Cf%20g"),
        ("%2F", "%252F"),
        ("19:abc@thread.tacv2", "19:abc@thread.tacv2"),
        ("a=b,c", "a=b,c"),
    ] {
        let request = act(value);
        assert_eq!(request.path().unwrap(), format!("/users/{sent}/act"));
        let case = Case::new(|_, _| done()).await;
        case.check(request.send(&case.graph).await, 1).unwrap();
        let line = format!("POST /v1.0/users/{sent}/act HTTP/1.1\r\n");
        let seen = case.server.seen();
        assert!(seen[0].text.starts_with(&line), "{}", seen[0].text);
    }
}

#[tokio::test]
async fn row_83_a_quote_in_quotes() {
    assert_eq!(
        find("O'Brien").path().unwrap(),
        "/users/find(name='O''Brien')"
    );
}

#[tokio::test]
async fn row_84_line_breaks_in_a_header() {
    for etag in ["canary\r\nevil: 1", "canary\n", "\r", "canary\0"] {
        refused(Conditional { etag }.request()).await;
        refused(act("1").header("x-mine", etag)).await;
    }
    let error = refused(act("1").header("x\r\ny", "1")).await;
    assert!(!error.to_string().is_empty());
}
