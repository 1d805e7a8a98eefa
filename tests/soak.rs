//! Does every one of very many calls end in one right outcome? 64 callers against a server that throttles,
//! resets and cuts a tenth of them, and memory that does not grow.
//!
//! 6,000 calls, or as many as `GRAPH_SOAK` says:
//! `GRAPH_SOAK=200000 cargo test --release -p graph-action-tests --test soak -- --nocapture`.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use graph_action::credential::StaticToken;
use graph_action::{Client, Retry, Unreadable, graph_action};
use graph_action_tests::watch;
use peak_alloc::PeakAlloc;
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const CALLERS: usize = 64;

#[graph_action(post = "/do/<number>", scope = "User.ReadWrite.All", returns = Done)]
struct Do {
    number: usize,
    note: &'static str,
}

#[graph_action(get = "/get/<number>", scope = "User.Read.All", returns = Done)]
struct Get {
    number: usize,
}

#[derive(Debug, Deserialize)]
struct Done {
    number: usize,
}

/// What the server does about a call when it first comes.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    Throttle,
    /// After it was carried out.
    Reset,
    Cut,
}

fn fault(number: usize) -> Fault {
    // Of both kinds of call, which are told apart by whether their number is even.
    match number / 2 % 30 {
        7 => Fault::Throttle,
        17 => Fault::Reset,
        27 => Fault::Cut,
        _ => Fault::None,
    }
}

/// How often each call came, and how often it was carried out.
struct Ledger {
    came: Vec<AtomicU8>,
    done: Vec<AtomicU8>,
}

async fn serve(mut stream: TcpStream, ledger: Arc<Ledger>) {
    let mut request = Vec::with_capacity(1024);
    let mut buffer = [0; 1024];
    loop {
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => request.extend_from_slice(&buffer[..count]),
            }
            continue;
        };
        let mut lines = head.lines();
        let path = lines.next().unwrap().split(' ').nth(1).unwrap();
        let number: usize = path.rsplit('/').next().unwrap().parse().unwrap();
        let length = lines.find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        if body.len() < length {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => request.extend_from_slice(&buffer[..count]),
            }
            continue;
        }
        request.clear();
        let is_first = ledger.came[number].fetch_add(1, Ordering::SeqCst) == 0;
        let fault = match is_first {
            true => fault(number),
            false => Fault::None,
        };
        if fault == Fault::Throttle {
            let answer =
                b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 0.1\r\ncontent-length: 0\r\n\r\n";
            if stream.write_all(answer).await.is_err() {
                return;
            }
            continue;
        }
        ledger.done[number].fetch_add(1, Ordering::SeqCst);
        let body = format!("{{\"number\":{number}}}");
        let length = body.len();
        let answer = match fault {
            Fault::Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
            Fault::Cut => format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                length + 1
            ),
            Fault::None | Fault::Throttle => {
                format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}")
            }
        };
        if stream.write_all(answer.as_bytes()).await.is_err() || fault == Fault::Cut {
            return;
        }
    }
}

/// Makes a call, and asserts that it ends as it should.
async fn call(graph: &Client, number: usize) {
    let is_post = number.is_multiple_of(2);
    let result = match is_post {
        true => {
            let action = Do {
                number,
                note: "some words to send along",
            };
            action.request().send(graph).await
        }
        false => Get { number }.request().send(graph).await,
    };
    match (fault(number), is_post, result) {
        (Fault::None | Fault::Throttle, _, Ok(done)) | (_, false, Ok(done)) => {
            assert_eq!(done.number, number);
        }
        (Fault::Reset, true, Err(error)) => {
            assert!(
                error.is_outcome_unknown() && !error.is_retry_safe(),
                "{error:?}"
            );
        }
        (Fault::Cut, true, Err(error)) => {
            assert!(!error.is_outcome_unknown() && !error.is_retry_safe());
            assert_eq!(error.unreadable(), Some(Unreadable::CutOff), "{error:?}");
        }
        (_, _, result) => panic!("{number}: {result:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_ends_in_one_right_outcome() {
    watch();
    let calls: usize = env::var("GRAPH_SOAK").map_or(6000, |calls| calls.parse().unwrap());
    let counters = || (0..calls).map(|_| AtomicU8::new(0)).collect();
    let ledger = Arc::new(Ledger {
        came: counters(),
        done: counters(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    let book = Arc::clone(&ledger);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, Arc::clone(&book)));
        }
    });
    let patient = Retry::default().backoff(Duration::from_millis(10), Duration::from_millis(100));
    let token = StaticToken::new("canary").unwrap();
    let builder = Client::builder(token).root(root).retry(patient);
    let graph = builder.build().unwrap();

    let next = Arc::new(AtomicUsize::new(0));
    let early = Arc::new(AtomicUsize::new(0));
    let callers = (0..CALLERS).map(|_| {
        let (graph, next, early) = (graph.clone(), Arc::clone(&next), Arc::clone(&early));
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= calls {
                    return;
                }
                if number == calls / 4 {
                    early.store(MEMORY.current_usage(), Ordering::SeqCst);
                }
                call(&graph, number).await;
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let (early, late) = (early.load(Ordering::SeqCst), MEMORY.current_usage());

    let mut sends = 0;
    for number in 0..calls {
        let came = ledger.came[number].load(Ordering::SeqCst);
        let done = ledger.done[number].load(Ordering::SeqCst);
        sends += usize::from(came);
        let is_lost = matches!(fault(number), Fault::Reset | Fault::Cut);
        let is_repeated = is_lost && number % 2 == 1;
        assert_eq!(done, 1 + u8::from(is_repeated), "{number}");
        let is_throttled = fault(number) == Fault::Throttle;
        assert_eq!(came, 1 + u8::from(is_repeated || is_throttled), "{number}");
    }
    println!(
        "{calls} calls of {CALLERS} callers, {sends} sends; in use at a quarter {early} bytes, at the end {late}"
    );
    assert!(late < early + (4 << 20), "{early} bytes became {late}");
}
