//! Rows 72 to 76: where the token goes.

use std::time::Duration;

use graph_action::{ErrorKind, Operation};

use crate::case::{Case, DO, Download, List, Start, discreet};
use graph_action_tests::rude::{Rude, done, host, say};

const TOKEN: &str = "canary-token";

#[tokio::test(start_paused = true)]
async fn row_72_a_redirect_to_another_host() {
    let other = Rude::start(|_, _| say("200 OK", &[], "bytes")).await;
    let location = format!("{}/file?sig=1", other.root());
    let case = Case::new(move |_, _| say("302 Found", &[("location", &location)], "")).await;
    let content = case
        .check(Download.request().send(&case.graph).await, 1)
        .unwrap();
    assert_eq!(content.bytes(99).await.unwrap(), "bytes");
    let seen = other.seen();
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].text.contains(TOKEN) && !seen[0].text.contains("authorization"));
    // What is no download goes nowhere.
    let error = case
        .check(DO.request().send(&case.graph).await, 2)
        .unwrap_err();
    assert_eq!(error.status().unwrap(), 302);
    assert_eq!(other.seen().len(), 1);
    // Another scheme is not followed at all.
    for location in [
        "http://graph.microsoft.com/file",
        "ftp://127.0.0.1/file",
        "file:///etc/passwd",
        "//",
    ] {
        let case = Case::new(move |_, _| say("302 Found", &[("location", location)], "")).await;
        let error = Download.request().send(&case.graph).await;
        let error = case.check(error, 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Answer, "{location}: {error}");
    }
    // One that begins at the host it comes from stays there, without the token.
    let case = Case::new(|number, _| match number {
        0 => say("302 Found", &[("location", "/file?sig=1")], ""),
        _ => say("200 OK", &[], "bytes"),
    })
    .await;
    let content = case.check(Download.request().send(&case.graph).await, 2);
    assert_eq!(content.unwrap().bytes(99).await.unwrap(), "bytes");
    let seen = case.server.seen();
    assert!(seen[1].text.starts_with("GET /file?sig=1 ") && !seen[1].text.contains(TOKEN));
}

#[tokio::test(start_paused = true)]
async fn row_73_a_redirect_in_circles() {
    let case = Case::new(|_, request| {
        let host = host(request);
        say(
            "302 Found",
            &[("location", &format!("http://{host}/again"))],
            "",
        )
    })
    .await;
    let error = Download.request().send(&case.graph).await;
    let error = case.check(error, 6).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Answer);
    assert_eq!(error.attempts(), 6);
    let seen = case.server.seen();
    // Even on Graph's own host the token is not for what a redirect leads to.
    assert!(seen[1..].iter().all(|seen| !seen.text.contains(TOKEN)));
}

#[tokio::test(start_paused = true)]
async fn row_74_a_next_link_to_another_host() {
    let other = Rude::start(|_, _| say("200 OK", &[], r#"{"value":[]}"#)).await;
    let port = other.root().rsplit(':').next().unwrap().to_owned();
    for link in [
        "http://SELF@127.0.0.1:PORT/v1.0/list",
        "http://user@SELF/v1.0/list",
        "http://user:pass@SELF/v1.0/list",
        "http://SELF.evil.example/v1.0/list",
        "http://127.0.0.1:PORT/v1.0/list",
        "http://localhost:PORT/v1.0/list",
        "https://SELF/v1.0/list",
        "http://graph.microsoft.com/v1.0/list",
        "https://graph.microsoft.com.evil.example/v1.0/list",
        "/v1.0/list",
        "v1.0/list",
        "",
    ] {
        let link = link.replace("PORT", &port);
        let case = Case::new(move |_, request| {
            let host = host(request);
            let link = link.replace("SELF", host);
            say(
                "200 OK",
                &[],
                &format!(r#"{{"value":[],"@odata.nextLink":"{link}"}}"#),
            )
        })
        .await;
        let mut page = case
            .check(List.request().send(&case.graph).await, 1)
            .unwrap();
        let error = page.next_page().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Answer);
        assert!(
            discreet(&error).starts_with("GET /list (v1.0): "),
            "{error}"
        );
        assert_eq!(case.server.seen().len(), 1);
    }
    assert!(other.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn row_75_a_next_link_that_was_there_before() {
    let case = Case::new(|number, request| {
        let host = host(request);
        let link = format!("http://{host}/v1.0/page/{}", number % 3);
        say(
            "200 OK",
            &[],
            &format!(r#"{{"value":[],"@odata.nextLink":"{link}"}}"#),
        )
    })
    .await;
    let mut page = case
        .check(List.request().send(&case.graph).await, 1)
        .unwrap();
    let error = loop {
        if let Err(error) = page.next_page().await {
            break error;
        }
    };
    assert!(error.to_string().contains("leads back"), "{error}");
    assert_eq!(case.server.seen().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn row_76_an_operation_on_another_host() {
    let other = Rude::start(|_, _| say("200 OK", &[], r#"{"status":"succeeded"}"#)).await;
    let location = format!("{}/monitor/1", other.root());
    let case = Case::new(move |_, _| say("202 Accepted", &[("location", &location)], "")).await;
    let mut operation: Operation<()> = case
        .check(Start.request().send(&case.graph).await, 1)
        .unwrap();
    operation.wait().await.unwrap();
    let seen = other.seen();
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].text.contains(TOKEN) && !seen[0].text.contains("authorization"));
}

#[tokio::test(start_paused = true)]
async fn what_is_followed_is_sent_again_too() {
    let case = Case::new(|number, request| {
        let host = host(request);
        match number {
            0 => {
                let body = format!(r#"{{"value":[],"@odata.nextLink":"http://{host}/v1.0/more"}}"#);
                say("200 OK", &[], &body)
            }
            1 => say("429 Too Many Requests", &[("retry-after", "7")], ""),
            2 => say("502 Bad Gateway", &[], ""),
            3 => say("200 OK", &[], r#"{"value":[{"id":"1"}]}"#),
            _ => done(),
        }
    })
    .await;
    let mut page = case
        .check(List.request().send(&case.graph).await, 1)
        .unwrap();
    assert!(page.next_page().await.unwrap());
    assert_eq!(page.value[0].id, "1");
    let seen = case.server.seen();
    assert!(seen[2].at - seen[1].at >= Duration::from_secs(7));
}
