//! Rows 1 to 24: throttling and retry.

use std::time::{Duration, SystemTime};

use graph_action::credential::{AccessToken, Credential, TokenRequest};
use graph_action::transport::BoxFuture;
use graph_action::{Caller, Client, Error, ErrorKind, Retry, graph_action};
use tokio::net::TcpSocket;
use tokio::time::{Instant, advance, sleep, timeout};

use crate::case::{Case, DO, Get, Repeat, client};
use graph_action_tests::rude::{Move, Rude, Seen, done, reply, say};

const THROTTLED: &str = "429 Too Many Requests";
const BUSY: &str = "503 Service Unavailable";

/// A case whose first answer is `first`, and the others "done".
async fn first(status: &'static str, headers: &'static [(&'static str, &'static str)]) -> Case {
    Case::new(move |number, _| match number {
        0 => say(status, headers, ""),
        _ => done(),
    })
    .await
}

fn pause(seen: &[Seen]) -> Duration {
    seen[1].at - seen[0].at
}

#[tokio::test(start_paused = true)]
async fn row_01_throttled_for_whole_seconds() {
    let case = first(THROTTLED, &[("retry-after", "2")]).await;
    let sent = DO.request().send_detailed(&case.graph).await;
    let sent = case.check(sent, 2).unwrap();
    assert!(pause(&case.server.seen()) >= Duration::from_secs(2));
    assert_eq!(sent.attempts, 2);
    assert!(sent.waited >= Duration::from_secs(2));
    assert_eq!(sent.request_id(), Some("theirs"));
}

#[tokio::test(start_paused = true)]
async fn row_02_throttled_for_a_decimal() {
    let case = first(THROTTLED, &[("retry-after", "2.128")]).await;
    case.check(DO.request().send(&case.graph).await, 2).unwrap();
    let pause = pause(&case.server.seen());
    assert!(pause >= Duration::from_millis(2128));
    assert!(pause < Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn row_03_throttled_until_a_date() {
    // The same moment in the three forms of RFC 9110 section 5.6.7, five seconds after the server's own.
    for date in [
        "Sun, 06 Nov 1994 08:49:42 GMT",
        "Sunday, 06-Nov-94 08:49:42 GMT",
        "Sun Nov  6 08:49:42 1994",
    ] {
        let headers: &[(&str, &str)] = &[
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("retry-after", date),
        ];
        let headers = headers.to_vec();
        let case = Case::new(move |number, _| match number {
            0 => say(THROTTLED, &headers, ""),
            _ => done(),
        })
        .await;
        case.check(DO.request().send(&case.graph).await, 2).unwrap();
        let pause = pause(&case.server.seen());
        assert!(pause >= Duration::from_secs(5), "{date}");
        assert!(pause < Duration::from_secs(6), "{date}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_04_throttled_until_a_date_in_the_past() {
    let case = first(
        THROTTLED,
        &[
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("retry-after", "Sun, 06 Nov 1994 08:49:30 GMT"),
        ],
    )
    .await;
    case.check(DO.request().send(&case.graph).await, 2).unwrap();
    let pause = pause(&case.server.seen());
    assert!(pause >= Duration::from_millis(100));
    assert!(pause < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn row_05_a_clock_that_is_off_by_an_hour() {
    let hour = Duration::from_secs(3600);
    for now in [SystemTime::now() - hour, SystemTime::now() + hour] {
        let date = httpdate::fmt_http_date(now);
        let later = httpdate::fmt_http_date(now + Duration::from_secs(3));
        let case = Case::new(move |number, _| match number {
            0 => say(THROTTLED, &[("date", &date), ("retry-after", &later)], ""),
            _ => done(),
        })
        .await;
        case.check(DO.request().send(&case.graph).await, 2).unwrap();
        let pause = pause(&case.server.seen());
        assert!(pause >= Duration::from_secs(3));
        assert!(pause < Duration::from_secs(4));
    }
}

#[tokio::test(start_paused = true)]
async fn row_06_a_wait_that_is_none() {
    for text in ["-5", "abc", "1e308", "NaN", "", "inf", "5 5", "0x10"] {
        let case = Case::new(move |number, _| match number {
            0 => say(THROTTLED, &[("retry-after", text)], ""),
            _ => done(),
        })
        .await;
        case.check(DO.request().send(&case.graph).await, 2).unwrap();
        let pause = pause(&case.server.seen());
        assert!(pause >= Duration::from_millis(100), "{text}");
        assert!(pause <= Duration::from_millis(501), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_07_two_waits() {
    for headers in [
        &[("retry-after", "1"), ("retry-after", "4")],
        &[("retry-after", "4"), ("retry-after", "1")],
    ] {
        let case = first(THROTTLED, headers).await;
        case.check(DO.request().send(&case.graph).await, 2).unwrap();
        assert!(pause(&case.server.seen()) >= Duration::from_secs(4));
    }
}

#[tokio::test(start_paused = true)]
async fn row_08_a_wait_that_is_too_long() {
    for (text, wait) in [("86400", 86_400), ("99999999999999999999999", u64::MAX)] {
        let case = Case::new(move |_, _| say(THROTTLED, &[("retry-after", text)], "")).await;
        let began = Instant::now();
        let error = case
            .check(DO.request().send(&case.graph).await, 1)
            .unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(1));
        assert!(error.is_throttled());
        assert!(error.is_retry_safe());
        assert!(!error.is_outcome_unknown());
        assert!(error.retry_after().unwrap() >= Duration::from_secs(wait));
        assert!(error.to_string().contains("the service asks to wait"));
    }
}

#[tokio::test(start_paused = true)]
async fn row_09_throttled_without_a_wait() {
    const CALLS: usize = 40;
    let retry = Retry::default().times(8);
    let mut pauses = vec![Vec::new(); 8];
    for _ in 0..CALLS {
        let case = Case::with(
            |_, _| say(THROTTLED, &[], ""),
            |builder| builder.retry(retry).timeout(Duration::from_secs(1000)),
        )
        .await;
        DO.request().send(&case.graph).await.unwrap_err();
        let seen = case.server.seen();
        assert_eq!(seen.len(), 9);
        for (number, pair) in seen.windows(2).enumerate() {
            pauses[number].push(pair[1].at - pair[0].at);
        }
    }
    for (number, pauses) in pauses.iter().enumerate() {
        // It doubles, and is random, and has an end.
        let limit = Duration::from_millis(500 << number).min(Duration::from_secs(30));
        let (least, most) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
        assert!(*least >= Duration::from_millis(100));
        assert!(*least < limit / 2, "{number}: {least:?}");
        assert!(*most > limit / 2, "{number}: {most:?}");
        assert!(
            *most <= limit + Duration::from_millis(2),
            "{number}: {most:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn row_10_throttled_for_ever() {
    let case = Case::new(|_, _| say(THROTTLED, &[("retry-after", "1")], "")).await;
    let error = case
        .check(DO.request().send(&case.graph).await, 5)
        .unwrap_err();
    assert!(error.is_throttled());
    assert_eq!(error.attempts(), 5);
    assert!(error.waited() >= Duration::from_secs(4));
    assert!(error.to_string().contains("; sent 5 times"));
    // It is for the caller to say, of all calls and of one.
    let case = Case::with(
        |_, _| say(THROTTLED, &[("retry-after", "1")], ""),
        |builder| builder.retry(Retry::default().times(1)),
    )
    .await;
    case.check(DO.request().send(&case.graph).await, 2)
        .unwrap_err();
    let request = DO.request().retry(Retry::never());
    case.check(request.send(&case.graph).await, 3).unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn row_11_busy_with_a_wait() {
    let case = first(BUSY, &[("retry-after", "1")]).await;
    case.check(DO.request().send(&case.graph).await, 2).unwrap();
    let seen = case.server.seen();
    assert!(pause(&seen) >= Duration::from_secs(1));
    assert_ne!(seen[0].connection, seen[1].connection);
    // After that, connections are kept again.
    DO.request().send(&case.graph).await.unwrap();
    DO.request().send(&case.graph).await.unwrap();
    let seen = case.server.seen();
    assert_eq!(seen[2].connection, seen[3].connection);
    let case = Case::new(|_, _| say(BUSY, &[("retry-after", "1")], "")).await;
    let error = case
        .check(DO.request().send(&case.graph).await, 5)
        .unwrap_err();
    assert!(error.is_throttled() && !error.is_outcome_unknown());
    let mut connections: Vec<usize> = case
        .server
        .seen()
        .iter()
        .map(|seen| seen.connection)
        .collect();
    connections.dedup();
    assert_eq!(
        connections.len(),
        5,
        "each attempt has a connection of its own"
    );
}

#[tokio::test(start_paused = true)]
async fn row_12_busy_without_a_wait() {
    let case = Case::new(|number, _| match number {
        // A wait that is none says nothing.
        0 => say(BUSY, &[("retry-after", "soon")], ""),
        _ => say(BUSY, &[], ""),
    })
    .await;
    let error = case
        .check(DO.request().send(&case.graph).await, 1)
        .unwrap_err();
    assert!(error.is_outcome_unknown());
    assert!(!error.is_retry_safe());
    assert!(!error.is_throttled());
    let words = "it may have been carried out: look before it is sent again";
    assert!(error.to_string().contains(words), "{error}");
    // What does no harm twice is sent again.
    let repeat = Repeat { secret: "canary" };
    case.check(repeat.request().send(&case.graph).await, 6)
        .unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn row_13_a_gateway_that_gives_up_on_a_get() {
    let case = Case::new(|number, _| match number {
        0 => say("504 Gateway Timeout", &[], ""),
        _ => say("200 OK", &[], r#"{"id":"1"}"#),
    })
    .await;
    let model = case
        .check(Get.request().send(&case.graph).await, 2)
        .unwrap();
    assert_eq!(model.id, "1");
}

#[tokio::test(start_paused = true)]
async fn row_14_a_gateway_that_gives_up_on_an_action() {
    let case = Case::new(|_, _| say("504 Gateway Timeout", &[], "")).await;
    let error = case
        .check(DO.request().send(&case.graph).await, 1)
        .unwrap_err();
    assert!(error.is_outcome_unknown());
    assert!(error.client_request_id().is_some());
}

#[tokio::test(start_paused = true)]
async fn row_15_a_server_that_fails_on_an_action() {
    for status in [
        "500 Internal Server Error",
        "502 Bad Gateway",
        "408 Request Timeout",
    ] {
        let case = Case::new(move |_, _| say(status, &[], "")).await;
        let error = case
            .check(DO.request().send(&case.graph).await, 1)
            .unwrap_err();
        assert!(error.is_outcome_unknown());
        let repeat = Repeat { secret: "canary" };
        let error = case
            .check(repeat.request().send(&case.graph).await, 6)
            .unwrap_err();
        // It may be done by now, and doing it again does no harm.
        assert!(error.is_outcome_unknown());
        assert!(error.is_retry_safe());
    }
}

#[tokio::test(start_paused = true)]
async fn row_16_accepted_with_a_wait() {
    let case = Case::new(|_, _| say("202 Accepted", &[("retry-after", "5")], "")).await;
    let began = Instant::now();
    case.check(DO.request().send(&case.graph).await, 1).unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn row_17_what_another_attempt_does_not_change() {
    for status in [
        "400", "401", "403", "404", "409", "410", "412", "423", "501", "507",
    ] {
        let line = format!("{status} No");
        let case = Case::new(move |_, _| say(&line, &[("retry-after", "1")], "")).await;
        let error = case
            .check(Get.request().send(&case.graph).await, 1)
            .unwrap_err();
        assert_eq!(error.status().unwrap().as_str(), status);
        assert!(!error.is_retry_safe());
        assert!(!error.is_outcome_unknown());
        assert_eq!(error.is_conflict(), ["409", "412"].contains(&status));
        assert_eq!(error.is_not_found(), ["404", "410"].contains(&status));
        assert_eq!(error.is_forbidden(), status == "403");
    }
}

#[tokio::test(start_paused = true)]
async fn row_18_a_connection_that_is_refused() {
    // Bound, so that it is nobody else's, and not listening yet.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let graph = client(&format!("http://{address}")).build().unwrap();
    let server = tokio::spawn(async move {
        sleep(Duration::from_millis(50)).await;
        Rude::on(socket.listen(9).unwrap(), |_, _| done())
    });
    let sent = DO.request().send_detailed(&graph).await.unwrap();
    assert_eq!(sent.attempts, 2);
    assert_eq!(server.await.unwrap().seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn row_19_a_connection_that_is_lost() {
    let case = Case::new(|_, request| match request.starts_with("GET") {
        true => Move::Reset,
        false => Move::SayAndClose(Vec::new()),
    })
    .await;
    let error = case
        .check_ids(Get.request().send(&case.graph).await, 5, None)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(!error.is_outcome_unknown());
    assert!(error.is_retry_safe());
    let error = case
        .check_ids(DO.request().send(&case.graph).await, 6, None)
        .unwrap_err();
    assert!(error.is_outcome_unknown());
    assert!(!error.is_retry_safe());
    let id = error.client_request_id().unwrap();
    let request = &case.server.seen()[5].text;
    assert!(
        request.contains(&format!("client-request-id: {id}")),
        "{request}"
    );
    assert!(error.to_string().contains(id));
}

#[tokio::test(start_paused = true)]
async fn row_21_a_body_is_whole_every_time() {
    // Bodies are held in memory, so there is none that could be sent once only.
    let case = Case::new(|number, _| match number {
        0..3 => say(THROTTLED, &[("retry-after", "1")], ""),
        _ => done(),
    })
    .await;
    case.check(DO.request().send(&case.graph).await, 4).unwrap();
    let mut ids = Vec::new();
    for seen in case.server.seen() {
        assert!(seen.text.ends_with(r#"{"secret":"canary-body"}"#));
        let mut lines = seen.text.lines();
        ids.push(
            lines
                .find(|line| line.starts_with("client-request-id"))
                .unwrap()
                .to_owned(),
        );
    }
    ids.dedup();
    assert_eq!(ids.len(), 4, "each attempt has an id of its own");
}

#[tokio::test(start_paused = true)]
async fn row_22_dropped_while_it_waits() {
    let case = first(THROTTLED, &[("retry-after", "30")]).await;
    let call = timeout(Duration::from_secs(1), DO.request().send(&case.graph));
    call.await.unwrap_err();
    advance(Duration::from_secs(60)).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(case.server.seen().len(), 1);
    // The client is none the worse.
    case.check(DO.request().send(&case.graph).await, 2).unwrap();
}

#[tokio::test(start_paused = true)]
async fn row_22_dropped_at_any_moment() {
    for status in ["200 OK", THROTTLED] {
        for polls in 0..60 {
            let case = Case::new(move |_, request| {
                if request.starts_with("GET") {
                    return say("200 OK", &[], r#"{"id":"1"}"#);
                }
                let bytes = reply(status, &[("retry-after", "1")], "    ");
                Move::Drip(bytes, Duration::from_secs(1))
            })
            .await;
            {
                let mut call = Box::pin(DO.request().send(&case.graph));
                for _ in 0..polls {
                    if futures_util::poll!(&mut call).is_ready() {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }
            let before = case.server.seen().len();
            sleep(Duration::from_secs(60)).await;
            // What was on its way may have come; nothing was begun.
            let after = case.server.seen().len();
            assert!(after <= before + usize::from(before == 0), "{polls}");
            case.check(Get.request().send(&case.graph).await, after + 1)
                .unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn row_23_a_deadline_within_a_body() {
    let case = Case::new(|_, _| {
        let head = b"HTTP/1.1 200 OK\r\nrequest-id: theirs\r\ncontent-length: 999\r\n\r\n{";
        Move::Drip(head.to_vec(), Duration::from_secs(7))
    })
    .await;
    let error = case
        .check(Get.request().send(&case.graph).await, 1)
        .unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(error.kind(), ErrorKind::Transport);
    let request = Get.request().timeout(Duration::from_secs(3));
    let began = Instant::now();
    assert!(request.send(&case.graph).await.unwrap_err().is_timeout());
    assert!(began.elapsed() < Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn row_23_a_deadline_within_an_error() {
    let head = b"HTTP/1.1 403 Forbidden\r\nrequest-id: theirs\r\ncontent-length: 999\r\n\r\n{";
    let case = Case::new(|_, _| Move::Drip(head.to_vec(), Duration::from_secs(7))).await;
    let error = case
        .check(DO.request().send(&case.graph).await, 1)
        .unwrap_err();
    assert!(error.is_forbidden());
}

#[tokio::test(start_paused = true)]
async fn row_23_a_deadline_before_there_is_a_token() {
    struct Silent;

    impl Credential for Silent {
        fn caller(&self) -> Option<Caller> {
            None
        }

        fn token<'a>(&'a self, _: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
            Box::pin(std::future::pending())
        }
    }

    let server = Rude::start(|_, _| done()).await;
    let graph = Client::builder(Silent).root(server.root()).build().unwrap();
    let began = Instant::now();
    let error = DO.request().send(&graph).await.unwrap_err();
    assert!(began.elapsed() <= Duration::from_secs(101));
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.is_timeout() && error.is_retry_safe() && !error.is_outcome_unknown());
    assert!(server.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn row_24_a_hundred_callers_and_one_throttle() {
    let began = Instant::now();
    let until = Duration::from_secs(5);
    let case = Case::new(move |_, _| match until.checked_sub(began.elapsed()) {
        Some(wait) => {
            let wait = wait.as_secs_f64().to_string();
            say(THROTTLED, &[("retry-after", &wait)], "")
        }
        None => done(),
    })
    .await;
    let calls = (0..100).map(|_| DO.request().send(&case.graph));
    let results = futures_util::future::join_all(calls).await;
    assert!(results.iter().all(Result::is_ok));
    case.check(Ok(()), 200).unwrap();
    let early = |seen: &&Seen| {
        let at = seen.at - began;
        at > Duration::from_millis(100) && at < until
    };
    assert_eq!(case.server.seen().iter().filter(early).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_may_be_done_is_said_of_a_later_answer_too() {
    #[graph_action(delete = "/item", scope = "User.ReadWrite.All")]
    struct Delete;

    let case = Case::new(|number, _| match number {
        0 | 1 => say("502 Bad Gateway", &[], ""),
        _ => say("404 Not Found", &[], ""),
    })
    .await;
    let error = case
        .check(Delete.request().send(&case.graph).await, 3)
        .unwrap_err();
    assert!(error.is_not_found());
    assert!(error.is_outcome_unknown());
    // Who looks what became of it looks for the first attempt that may have done it.
    let id = error.client_request_id().unwrap();
    let header = format!("client-request-id: {id}\r\n");
    assert!(case.server.seen()[0].text.contains(&header));
}
