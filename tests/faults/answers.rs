//! Rows 25 to 42: answers.

use std::collections::HashMap;
use std::future::ready;
use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::TryStreamExt as _;
use graph_action::credential::StaticToken;
use graph_action::http::{Request, Response};
use graph_action::transport::{Body, BoxFuture, Transport, TransportError};
use graph_action::{Client, Error, ErrorKind, Flags, Unreadable, graph_action};
use peak_alloc::PeakAlloc;
use serde::Deserialize;

use crate::case::{Case, DO, Download, Get, GetJson, List, Model};
use graph_action_tests::rude::{Move, reply, say};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What `Get` says to bytes, of which it asks so often.
async fn get_often(bytes: Vec<u8>, sends: usize) -> Result<Model, Error> {
    let case = Case::new(move |_, _| Move::SayAndClose(bytes.clone())).await;
    case.check(Get.request().send(&case.graph).await, sends)
}

async fn get(bytes: Vec<u8>) -> Result<Model, Error> {
    get_often(bytes, 1).await
}

async fn get_body(body: &str) -> Result<Model, Error> {
    get(reply(
        "200 OK",
        &[("content-type", "application/json")],
        body,
    ))
    .await
}

async fn get_json(body: Vec<u8>) -> Result<serde_json::Value, Error> {
    let case = Case::new(move |_, _| {
        let mut bytes = format!(
            "HTTP/1.1 200 OK\r\nrequest-id: theirs\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(&body);
        Move::SayAndClose(bytes)
    })
    .await;
    case.check(GetJson.request().send(&case.graph).await, 1)
}

fn is_unreadable(result: Result<impl std::fmt::Debug, Error>, why: Unreadable) {
    let error = result.unwrap_err();
    assert_eq!(error.unreadable(), Some(why), "{error:?}");
    // The head has come, and with it that the call was carried out.
    assert!(error.status().unwrap().is_success());
    assert!(!error.is_outcome_unknown());
    assert!(error.attempts() > 0);
}

#[tokio::test(start_paused = true)]
async fn row_25_a_body_that_is_shorter_than_it_says() {
    let bytes =
        b"HTTP/1.1 200 OK\r\nrequest-id: theirs\r\ncontent-length: 99\r\n\r\n{\"id\":\"canary\"";
    is_unreadable(get_often(bytes.to_vec(), 5).await, Unreadable::CutOff);
    // The bytes of a content as they come end in an error too.
    let case = Case::new(move |_, _| Move::SayAndClose(bytes.to_vec())).await;
    let content = Download.request().send(&case.graph).await.unwrap();
    let read: Result<Vec<_>, Error> = content.into_stream().try_collect().await;
    is_unreadable(case.check(read, 1), Unreadable::CutOff);
}

#[tokio::test(start_paused = true)]
async fn row_25_a_body_that_is_shorter_only_once() {
    let cut = b"HTTP/1.1 200 OK\r\nrequest-id: theirs\r\ncontent-length: 99\r\n\r\n{";
    let case = Case::new(|number, _| match number {
        0 | 2 => Move::SayAndClose(cut.to_vec()),
        _ => say("200 OK", &[], r#"{"id":"1"}"#),
    })
    .await;
    let model = case.check(Get.request().send(&case.graph).await, 2);
    assert_eq!(model.unwrap().id, "1");
    // What may not be done twice was done.
    let error = case
        .check(Act.request().send(&case.graph).await, 3)
        .unwrap_err();
    assert_eq!(error.unreadable(), Some(Unreadable::CutOff));
    assert_eq!(error.status().unwrap(), 200);
    assert!(!error.is_outcome_unknown() && !error.is_retry_safe());
}

#[graph_action(post = "/act", scope = "User.ReadWrite.All", returns = Model)]
struct Act;

#[tokio::test(start_paused = true)]
async fn row_26_chunks_that_are_cut() {
    let bytes = b"HTTP/1.1 200 OK\r\nrequest-id: theirs\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{\"id\":\"canary\"";
    is_unreadable(get_often(bytes.to_vec(), 5).await, Unreadable::CutOff);
}

#[tokio::test(start_paused = true)]
async fn row_27_a_byte_every_few_seconds() {
    let case = Case::new(|_, _| {
        let head = b"HTTP/1.1 200 OK\r\nrequest-id: theirs\r\ncontent-length: 999\r\n\r\n{";
        Move::Drip(head.to_vec(), Duration::from_secs(5))
    })
    .await;
    let result = case.check(GetJson.request().send(&case.graph).await, 1);
    assert!(result.unwrap_err().is_timeout());
    // So does a piece of a content.
    let request = Download.request().timeout(Duration::from_secs(4));
    let content = request.send(&case.graph).await.unwrap();
    assert!(content.bytes(9999).await.unwrap_err().is_timeout());
    // The headers of an answer can take as long.
    let case =
        Case::new(|_, _| Move::Drip(b"HTTP/1.1 200 OK\r\nx: ".to_vec(), Duration::from_secs(5)));
    let case = case.await;
    let result = case.check_ids(GetJson.request().send(&case.graph).await, 1, None);
    assert!(result.unwrap_err().is_timeout());
}

#[tokio::test]
async fn row_28_ten_megabytes_that_unpack_to_ten_gigabytes() {
    // One flushed piece of zeros after another, which is a valid stream of deflate.
    const PIECE: usize = 16 << 20;
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![0; PIECE]).unwrap();
    packed.flush().unwrap();
    let head = packed.get_ref().len();
    packed.write_all(&vec![0; PIECE]).unwrap();
    packed.flush().unwrap();
    let piece = packed.get_ref()[head..].to_vec();
    let mut body = packed.get_ref()[..head].to_vec();
    while body.len() < 10 << 20 {
        body.extend_from_slice(&piece);
    }
    assert!(body.len() / piece.len() * PIECE >= 10 << 30);
    let case = Case::new(move |_, _| {
        let head = "HTTP/1.1 200 OK\r\nrequest-id: theirs\r\ncontent-encoding: gzip\r\n";
        let mut bytes = format!("{head}content-length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(&body);
        Move::SayAndClose(bytes)
    })
    .await;
    MEMORY.reset_peak_usage();
    let result = case.check(Get.request().send(&case.graph).await, 1);
    is_unreadable(result, Unreadable::TooLong);
    assert!(
        MEMORY.peak_usage_as_mb() < 512.0,
        "{} MB",
        MEMORY.peak_usage_as_mb()
    );
}

#[tokio::test]
async fn row_29_chunks_without_an_end() {
    let head = b"HTTP/1.1 200 OK\r\nrequest-id: theirs\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut chunk = b"10000\r\n".to_vec();
    chunk.extend_from_slice(&[b' '; 0x10000]);
    chunk.extend_from_slice(b"\r\n");
    let case = Case::with(
        move |_, _| Move::Endless(head.to_vec(), chunk.clone()),
        |builder| builder.max_answer(1 << 20),
    )
    .await;
    let result = case.check(Get.request().send(&case.graph).await, 1);
    is_unreadable(result, Unreadable::TooLong);
    let content = Download.request().send(&case.graph).await.unwrap();
    is_unreadable(content.bytes(1 << 20).await, Unreadable::TooLong);
}

/// Plays a service whose answers are there at once.
struct AtOnce(Vec<u8>);

impl Transport for AtOnce {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let body = Body::from(Bytes::from(self.0.clone()));
        Box::pin(ready(Ok(Response::new(body))))
    }
}

#[tokio::test]
async fn row_29_the_limit_holds_for_what_another_transport_has_read() {
    let token = StaticToken::new("token").unwrap();
    let builder = Client::builder(token).transport(AtOnce(vec![b' '; 1025]));
    let graph = builder.max_answer(1024).build().unwrap();
    is_unreadable(Get.request().send(&graph).await, Unreadable::TooLong);
}

#[tokio::test(start_paused = true)]
async fn row_30_gzip_that_is_none() {
    let headers = [("content-encoding", "gzip")];
    is_unreadable(
        get(reply("200 OK", &headers, "canary, not gzip")).await,
        Unreadable::Encoding,
    );
    // A chunk whose size is none is another thing.
    let bytes =
        b"HTTP/1.1 200 OK\r\nrequest-id: theirs\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    is_unreadable(get_often(bytes.to_vec(), 5).await, Unreadable::CutOff);
}

#[tokio::test(start_paused = true)]
async fn row_31_no_content_where_a_model_is_expected() {
    let bytes = b"HTTP/1.1 204 No Content\r\nrequest-id: theirs\r\n\r\n".to_vec();
    let error = get(bytes).await.unwrap_err();
    assert_eq!(error.unreadable(), Some(Unreadable::Empty));
    assert_eq!(error.kind(), ErrorKind::Answer);
}

#[tokio::test(start_paused = true)]
async fn row_32_no_content_where_none_is_expected() {
    let case = Case::new(|_, _| say("204 No Content", &[], "")).await;
    case.check(DO.request().send(&case.graph).await, 1).unwrap();
}

#[tokio::test(start_paused = true)]
async fn row_33_an_empty_body_where_a_model_is_expected() {
    is_unreadable(get_body("").await, Unreadable::Empty);
    is_unreadable(get_body(" \r\n").await, Unreadable::Empty);
}

#[tokio::test(start_paused = true)]
async fn row_34_null_where_a_model_is_expected() {
    is_unreadable(get_body("null").await, Unreadable::Empty);
}

#[tokio::test(start_paused = true)]
async fn row_35_html_where_a_model_is_expected() {
    let headers = [("content-type", "text/html; charset=utf-8")];
    let error = get(reply("200 OK", &headers, "<html>canary</html>"))
        .await
        .unwrap_err();
    assert_eq!(error.unreadable(), Some(Unreadable::ContentType));
    assert!(
        error.to_string().contains("it is `text/html`, not JSON"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn row_36_a_byte_order_mark() {
    assert_eq!(get_body("\u{feff}{\"id\":\"1\"}").await.unwrap().id, "1");
}

#[tokio::test(start_paused = true)]
async fn row_37_invalid_utf_8() {
    is_unreadable(
        get_json(b"{\"id\":\"canary\xff\"}".to_vec()).await,
        Unreadable::Json,
    );
}

#[tokio::test(start_paused = true)]
async fn row_38_deep_nesting() {
    for depth in [128, 100_000] {
        let body = "[".repeat(depth) + &"]".repeat(depth);
        is_unreadable(get_json(body.into_bytes()).await, Unreadable::Json);
        // What nobody reads may be as deep as it likes.
        let body = format!(
            r#"{{"deep":{}{},"id":"1"}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        );
        assert_eq!(get_body(&body).await.unwrap().id, "1");
    }
}

#[tokio::test(start_paused = true)]
async fn row_39_something_behind_the_json() {
    is_unreadable(
        get_body(r#"{"id":"canary"} canary"#).await,
        Unreadable::Json,
    );
    is_unreadable(
        get_body(r#"{"id":"canary"}{"id":"canary"}"#).await,
        Unreadable::Json,
    );
}

#[tokio::test(start_paused = true)]
async fn row_40_members_and_types_of_tomorrow() {
    #[graph_action(get = "/model", scope = "User.Read.All", returns = Tomorrow)]
    struct GetTomorrow;

    #[derive(Debug, Deserialize)]
    struct Tomorrow {
        kind: Kind,
        parts: Flags<Kind>,
        #[serde(flatten)]
        rest: serde_json::Map<String, serde_json::Value>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Kind {
        Known,
        #[serde(untagged)]
        Other(String),
    }

    let case = Case::new(|_, _| {
        let body = r##"{"kind":"new","parts":"known,new","@odata.type":"#microsoft.graph.new"}"##;
        say("200 OK", &[], body)
    })
    .await;
    let model = case
        .check(GetTomorrow.request().send(&case.graph).await, 1)
        .unwrap();
    assert_eq!(model.kind, Kind::Other("new".to_owned()));
    assert_eq!(model.parts.0, [Kind::Known, Kind::Other("new".to_owned())]);
    assert_eq!(model.rest["@odata.type"], "#microsoft.graph.new");
}

#[tokio::test(start_paused = true)]
async fn row_41_a_null_in_a_list() {
    let case = Case::new(|_, _| say("200 OK", &[], r#"{"value":[{"id":"1"},null]}"#)).await;
    let error = case
        .check(List.request().send(&case.graph).await, 1)
        .unwrap_err();
    assert_eq!(error.unreadable(), Some(Unreadable::Shape));
    assert!(error.to_string().contains("at `value[1]`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn keys_of_an_answer_are_not_repeated() {
    #[graph_action(get = "/model", scope = "User.Read.All", returns = HashMap<String, u32>)]
    struct GetMap;

    let key = format!("\u{1b}[31m{}", "canary ".repeat(99));
    let body = serde_json::json!({ key: "canary" }).to_string();
    let case = Case::new(move |_, _| say("200 OK", &[], &body)).await;
    let error = case
        .check(GetMap.request().send(&case.graph).await, 1)
        .unwrap_err();
    assert!(error.to_string().contains("at `?`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn row_42_json_that_does_not_say_so() {
    assert_eq!(
        get(reply("200 OK", &[], r#"{"id":"1"}"#)).await.unwrap().id,
        "1"
    );
    let headers = [("content-type", "text/plain")];
    assert_eq!(
        get(reply("200 OK", &headers, r#"{"id":"1"}"#))
            .await
            .unwrap()
            .id,
        "1"
    );
}
