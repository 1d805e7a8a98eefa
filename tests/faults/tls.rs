//! Rows 20, 78 and 79: HTTP/2, TLS and proxies.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use graph_action::Retry;
use graph_action::transport::HttpTransport;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{NamedGroup, ServerConfig};

use crate::case::{DO, Download, client, discreet};
use graph_action_tests::rude::{Move, Rude, done, say};

/// A certificate of this machine, and what trusts it.
fn certificate() -> (ServerConfig, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (config, cert.pem())
}

/// A transport that trusts a certificate.
fn trusting(pem: &str) -> HttpTransport {
    let builder = HttpTransport::builder().root_certificates(pem.as_bytes());
    builder.unwrap().build().unwrap()
}

/// A frame of HTTP/2: RFC 9113 section 4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];

/// What a server of HTTP/2 does about a request, which is on this stream.
type Answer = fn(number: usize, stream: u32) -> (Vec<u8>, bool);

/// A server of HTTP/2 over TLS; its address, what trusts it, and on how many streams of how many
/// connections requests came.
async fn http2(answer: Answer) -> (String, String, Arc<Mutex<Vec<(usize, u32)>>>) {
    let (mut config, pem) = certificate();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    tokio::spawn(async move {
        for connection in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                let mut preface = [0; 24];
                stream.read_exact(&mut preface).await.unwrap();
                stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
                let mut head = [0; 9];
                while stream.read_exact(&mut head).await.is_ok() {
                    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                    let mut payload = vec![0; usize::try_from(length).unwrap()];
                    stream.read_exact(&mut payload).await.unwrap();
                    let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
                    if head[3] == SETTINGS && head[4] == 0 {
                        stream.write_all(&frame(SETTINGS, 1, 0, &[])).await.unwrap();
                    }
                    if head[3] != HEADERS {
                        continue;
                    }
                    let number = {
                        let mut log = log.lock().unwrap();
                        log.push((connection, id));
                        log.len() - 1
                    };
                    let (bytes, is_last) = answer(number, id);
                    stream.write_all(&bytes).await.unwrap();
                    if is_last {
                        stream.shutdown().await.unwrap();
                        return;
                    }
                }
            });
        }
    });
    (root, pem, seen)
}

/// 204, and nothing behind it: `:status` 204 is 9 in the static table of RFC 7541.
fn no_content(stream: u32) -> Vec<u8> {
    frame(HEADERS, 0b101, stream, &[0x89])
}

/// At once: a client that only names it after others is asked for one of those.
#[tokio::test]
async fn the_key_exchange_is_safe_from_quantum_computers() {
    let (config, pem) = certificate();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let negotiated = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let stream = acceptor.accept(stream).await.unwrap();
        let group = stream.get_ref().1.negotiated_key_exchange_group();
        group.unwrap().name()
    });
    let graph = client(&root).transport(trusting(&pem));
    let graph = graph.retry(Retry::never()).build().unwrap();
    DO.request().send(&graph).await.unwrap_err();
    assert_eq!(negotiated.await.unwrap(), NamedGroup::X25519MLKEM768);
}

#[tokio::test]
async fn row_20_http_2_that_has_not_begun() {
    let refuses: Answer = |number, stream| match number {
        0 => (frame(RST_STREAM, 0, stream, &REFUSED_STREAM), false),
        _ => (no_content(stream), false),
    };
    let goes_away: Answer = |number, stream| match number {
        // The last stream that it has begun is 0, so none; and there is no error.
        0 => (frame(GOAWAY, 0, 0, &[0; 8]), true),
        _ => (no_content(stream), false),
    };
    for (answer, connections) in [(refuses, 1), (goes_away, 2)] {
        let (root, pem, seen) = http2(answer).await;
        let graph = client(&root).transport(trusting(&pem)).build().unwrap();
        let sent = DO.request().send_detailed(&graph).await.unwrap();
        assert_eq!(sent.attempts, 2);
        let seen = seen.lock().unwrap().clone();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[1].0 + 1, connections);
    }
    // A stream that was begun and is lost is another thing, whatever the server says of it.
    let fails: Answer = |_, stream| (frame(RST_STREAM, 0, stream, &[0, 0, 0, 2]), false);
    let cancels: Answer = |_, stream| (frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]), false);
    let goes_away: Answer = |_, _| (frame(GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]), true);
    let breaks: Answer = |_, _| (frame(GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 2]), true);
    let babbles: Answer = |_, _| (b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), true);
    // Of a server that leaves in anger it is not taken at its word what it has not begun.
    let leaves: Answer = |_, _| (frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 11]), true);
    for answer in [fails, cancels, goes_away, breaks, leaves, babbles] {
        let (root, pem, seen) = http2(answer).await;
        let graph = client(&root).transport(trusting(&pem)).build().unwrap();
        let error = DO.request().send(&graph).await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{error:?}");
        assert_eq!(seen.lock().unwrap().len(), 1);
        discreet(&error);
    }
}

#[tokio::test]
async fn row_78_tls_1_1_and_certificates_that_nobody_trusts() {
    // A handshake of TLS 1.1: a server's hello of version 3.2.
    let old = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("https://localhost:{}", old.local_addr().unwrap().port());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = old.accept().await.unwrap();
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let mut hello = vec![2, 0, 0, 38, 3, 2];
            hello.extend([0; 32]);
            hello.extend([0, 0, 0x2f, 0]);
            let mut record = vec![22, 3, 2, 0, u8::try_from(hello.len()).unwrap()];
            record.extend(hello);
            let _ = stream.write_all(&record).await;
            let _ = stream.read(&mut buffer).await;
        }
    });
    let graph = client(&root).retry(Retry::never()).build().unwrap();
    let error = DO.request().send(&graph).await.unwrap_err();
    assert!(error.is_retry_safe() && !error.is_outcome_unknown());
    let said = discreet(&error);
    assert!(said.contains("Tls12Or13"), "{said}");

    let (root, pem, seen) = http2(|_, stream| (no_content(stream), false)).await;
    let graph = client(&root).retry(Retry::never()).build().unwrap();
    let error = DO.request().send(&graph).await.unwrap_err();
    assert!(error.is_retry_safe() && !error.is_outcome_unknown());
    assert!(seen.lock().unwrap().is_empty());
    // Who trusts it, and only for the name that is in it, has no trouble.
    let transport = trusting(&pem);
    let graph = client(&root).transport(transport.clone()).build().unwrap();
    DO.request().send(&graph).await.unwrap();
    let other = root.replace("localhost", "127.0.0.1");
    let graph = client(&other)
        .transport(transport)
        .retry(Retry::never())
        .build()
        .unwrap();
    DO.request().send(&graph).await.unwrap_err();
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn row_79_a_proxy_that_wants_to_know_who_asks() {
    let proxy = Rude::start(|_, _| say("407 Proxy Authentication Required", &[], "")).await;
    let address = proxy
        .root()
        .replace("http://", "http://user:canary-password@");
    let transport = HttpTransport::builder().proxy(&address).unwrap();
    assert!(
        !format!("{transport:?}").contains("canary"),
        "{transport:?}"
    );
    let transport = transport.build().unwrap();
    assert!(
        !format!("{transport:?}").contains("canary"),
        "{transport:?}"
    );
    let builder = client("https://graph.microsoft.com").transport(transport);
    let graph = builder.retry(Retry::never()).build().unwrap();
    let error = DO.request().send(&graph).await.unwrap_err();
    assert!(error.is_retry_safe() && !error.is_outcome_unknown());
    discreet(&error);
    let seen = proxy.seen();
    assert_eq!(seen.len(), 1);
    assert!(
        seen[0].text.starts_with("CONNECT graph.microsoft.com:443 "),
        "{}",
        seen[0].text
    );
    // An address that is none is not repeated.
    let error = HttpTransport::builder()
        .proxy("http://user:canary@[")
        .unwrap_err();
    discreet(&error);
}

#[tokio::test(start_paused = true)]
async fn an_http_2_connection_that_is_dead_is_noticed() {
    // The server takes the request, and answers neither it nor a ping.
    let (root, pem, seen) = http2(|_, _| (Vec::new(), false)).await;
    let graph = client(&root).transport(trusting(&pem)).build().unwrap();
    let began = Instant::now();
    let error = DO.request().send(&graph).await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error:?}");
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_never_made_ends_in_its_time() {
    // The server takes the connection, and says nothing to the client's hello.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("https://localhost:{}", silent.local_addr().unwrap().port());
    let transport = HttpTransport::builder().connect_timeout(Duration::from_secs(3));
    let builder = client(&root).transport(transport.build().unwrap());
    let graph = builder.retry(Retry::never()).build().unwrap();
    let began = Instant::now();
    let error = DO.request().send(&graph).await.unwrap_err();
    assert!(
        error.is_retry_safe() && !error.is_outcome_unknown(),
        "{error:?}"
    );
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    discreet(&error);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_stops_coming_ends_in_its_time() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n".to_vec();
    let server = Rude::start(move |_, _| Move::Say(head.clone())).await;
    let transport = HttpTransport::builder().idle_timeout(Duration::from_secs(3));
    let builder = client(server.root()).transport(transport.build().unwrap());
    let graph = builder.build().unwrap();
    let content = Download.request().send(&graph).await.unwrap();
    let began = Instant::now();
    let error = content.bytes(999).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    discreet(&error);
}

#[tokio::test(start_paused = true)]
async fn loopback_is_reached_without_a_proxy() {
    let proxy = Rude::start(|_, _| done()).await;
    let server = Rude::start(|_, _| done()).await;
    let transport = HttpTransport::builder().proxy(proxy.root()).unwrap();
    let builder = client(server.root()).transport(transport.build().unwrap());
    DO.request().send(&builder.build().unwrap()).await.unwrap();
    assert_eq!((proxy.seen().len(), server.seen().len()), (0, 1));
}
