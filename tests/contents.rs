//! Do bytes arrive, from Graph and from where Graph leaves them?

use futures_util::TryStreamExt as _;
use graph_action::bytes::Bytes;
use graph_action::{Content, Error, ErrorKind, graph_action};
use graph_action_tests::{RawServer, answer};

#[graph_action(
    get = "/drive/root:/<path..>:/content",
    scope = "Files.Read.All",
    returns = Content
)]
struct Download;

async fn get(server: &RawServer) -> Result<Content, Error> {
    let request = Download.request("a b/c.txt").header("Range", "bytes=0-4");
    request.send(&server.client()).await
}

#[tokio::test]
async fn bytes_come_with_what_is_said_of_them() {
    let headers = [
        ("content-type", "text/plain"),
        ("content-range", "bytes 0-4/9"),
        (
            "content-disposition",
            "attachment; filename=\"x.txt\"; filename*=UTF-8''a%20%C3%A9.txt",
        ),
    ];
    let server = RawServer::answering(answer("206 Partial Content", &headers, "hello"));
    let content = get(&server).await.unwrap();
    assert_eq!(content.content_type(), Some("text/plain"));
    assert_eq!(content.file_name().as_deref(), Some("a é.txt"));
    assert_eq!(content.length(), Some(5));
    assert_eq!(content.range(), Some("bytes 0-4/9"));
    assert_eq!(content.bytes(5).await.unwrap().as_ref(), b"hello");
    let request = &server.requests()[0];
    assert!(
        request.starts_with("GET /v1.0/drive/root:/a%20b/c.txt:/content "),
        "{request}"
    );
    assert!(request.contains("\r\nrange: bytes=0-4\r\n"));
    assert!(!request.contains("\r\naccept: application/json\r\n"));
}

#[tokio::test]
async fn a_file_name_leads_nowhere_else() {
    for (disposition, name) in [
        ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
        ("attachment; filename=C:\\x\\y.txt", Some("y.txt")),
        ("attachment; filename*=UTF-8''..%2F..%2Fa", Some("a")),
        ("attachment; filename=..", None),
        ("attachment; FileName = plain.csv", Some("plain.csv")),
        ("attachment", None),
        ("attachment; filename=\"a;b.txt\"", Some("a;b.txt")),
        ("attachment; filename=\"a\\\"b.txt\"", Some("a\"b.txt")),
        (
            "attachment; filename*=UTF-8''; filename=\"plain.txt\"",
            Some("plain.txt"),
        ),
        ("attachment; filename*=UTF-8''%00a.txt", None),
    ] {
        let headers = [("content-disposition", disposition)];
        let server = RawServer::answering(answer("200 OK", &headers, ""));
        assert_eq!(
            get(&server).await.unwrap().file_name().as_deref(),
            name,
            "{disposition}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_followed_without_the_token() {
    let storage = RawServer::answering(answer("200 OK", &[], "hello"));
    let location = format!("{}/blob?sig=1", storage.root());
    let server = RawServer::answering(answer("302 Found", &[("location", &location)], ""));
    let content = get(&server).await.unwrap();
    assert_eq!(content.bytes(99).await.unwrap().as_ref(), b"hello");
    let request = &storage.requests()[0];
    assert!(request.starts_with("GET /blob?sig=1 "), "{request}");
    assert!(request.contains("\r\nrange: bytes=0-4\r\n"));
    assert!(
        !request.contains("authorization") && !request.contains("canary"),
        "{request}"
    );
}

#[tokio::test]
async fn a_redirect_to_an_unsafe_address_is_not_followed() {
    for location in [
        "http://storage.example/1",
        "file:///etc/passwd",
        "https://u:canary@x.example/",
        "",
    ] {
        let server = RawServer::answering(answer("302 Found", &[("location", location)], ""));
        let error = get(&server).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Answer, "{location}");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let server = RawServer::start(|request| {
        let host = request
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap();
        answer(
            "302 Found",
            &[("location", &format!("http://{host}/again"))],
            "",
        )
    });
    assert_eq!(get(&server).await.unwrap_err().kind(), ErrorKind::Answer);
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn an_error_behind_a_redirect_is_told() {
    let storage = RawServer::answering(answer("404 Not Found", &[], "<html>"));
    let server = RawServer::answering(answer("302 Found", &[("location", storage.root())], ""));
    let error = get(&server).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::Api, 404)
    );
}

#[tokio::test]
async fn bytes_come_as_a_stream() {
    let server = RawServer::answering(answer("200 OK", &[], &"x".repeat(100_000)));
    let pieces: Vec<_> = get(&server)
        .await
        .unwrap()
        .into_stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(pieces.iter().map(Bytes::len).sum::<usize>(), 100_000);
    assert!(pieces.len() > 1);
}

#[tokio::test]
async fn bytes_that_are_too_many_or_cut_off_are_an_error() {
    let server = RawServer::answering(answer("200 OK", &[], "hello"));
    let error = get(&server).await.unwrap().bytes(4).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Answer);
    let cut = b"HTTP/1.1 200 OK\r\nrequest-id: theirs\r\ncontent-length: 9\r\n\r\nhello".to_vec();
    let server = RawServer::answering(cut);
    let error = get(&server).await.unwrap().bytes(99).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::Transport, Some("theirs"))
    );
    let stream = get(&server).await.unwrap().into_stream();
    let error = stream.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::Transport, Some("theirs"))
    );
}

#[tokio::test]
async fn what_has_not_changed_is_told_by_its_status() {
    let server = RawServer::answering(answer("304 Not Modified", &[], ""));
    let error = get(&server).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::Api, 304)
    );
}
