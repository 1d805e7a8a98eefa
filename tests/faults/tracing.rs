//! Does the log say what was called and what came of it, without a value of the call?

use graph_action::graph_action;
use tracing::Instrument as _;
use tracing_subscriber::fmt::format::FmtSpan;

use graph_action_tests::{Logs, watch};

use crate::case::{Case, List};
use graph_action_tests::rude::{done, host, say};

#[graph_action(
    post = "/users/<id>/act",
    scope = "User.ReadWrite.All",
    version = "beta"
)]
struct Act {
    secret: &'static str,
}

/// What this crate logs from now on, on this thread.
struct Own {
    logs: Logs,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Own {
    fn new() -> Self {
        watch();
        let logs = Logs::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(logs.clone())
            .finish();
        Self {
            logs,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    fn lines(&self) -> Vec<String> {
        let logs = self.logs.text();
        assert!(!logs.contains("canary"), "{logs}");
        logs.lines().map(str::to_owned).collect()
    }

    /// The spans that are over, of this crate or of a test.
    fn closed(&self) -> Vec<String> {
        let lines = self.lines().into_iter();
        lines
            .filter(|line| line.contains("close time.busy"))
            .collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_a_span() {
    let own = Own::new();
    let case = Case::new(|number, _| match number {
        0 => say("429 Too Many Requests", &[("retry-after", "3")], ""),
        _ => done(),
    })
    .await;
    let act = Act { secret: "canary" };
    let sent = act
        .request("value-of-the-path")
        .send_detailed(&case.graph)
        .await
        .unwrap();
    let lines = own.lines();
    let ours: Vec<&String> = lines
        .iter()
        .filter(|line| line.contains("graph_action::"))
        .collect();
    let id = sent.client_request_id().unwrap();
    let closed = own.closed();
    let [closed] = closed.as_slice() else {
        panic!("{closed:?}");
    };
    for field in [
        "otel.kind=\"client\"",
        "otel.name=POST /users/<id>/act",
        "http.request.method=\"POST\"",
        "url.template=\"/users/<id>/act\"",
        "server.address=127.0.0.1",
        "graph.version=\"beta\"",
        "http.response.status_code=204",
        "http.request.resend_count=1",
        "graph.request_id=\"theirs\"",
        &format!("graph.client_request_id=\"{id}\""),
    ] {
        assert!(closed.contains(field), "{field}: {closed}");
    }
    let throttled = ours.iter().find(|line| line.contains("throttled")).unwrap();
    assert!(
        throttled.contains("WARN") && throttled.contains("wait=3."),
        "{throttled}"
    );
    assert!(ours.iter().any(|line| line.contains("asked for a token")));
    assert!(!ours.iter().any(|line| line.contains("value-of-the-path")));
    assert!(!closed.contains("error.type"), "{closed}");
}

#[tokio::test(start_paused = true)]
async fn what_follows_from_a_call_has_spans_of_its_own() {
    let own = Own::new();
    let case = Case::new(|number, request| match number {
        0 => {
            let host = host(request);
            let link = format!("http://{host}/v1.0/more");
            say(
                "200 OK",
                &[],
                &format!(r#"{{"value":[],"@odata.nextLink":"{link}"}}"#),
            )
        }
        _ => say("404 Not Found", &[], ""),
    })
    .await;
    let theirs = tracing::info_span!("theirs", "error.type" = tracing::field::Empty);
    let calls = async {
        let mut page = List.request().send(&case.graph).await.unwrap();
        page.next_page().await.unwrap_err()
    };
    calls.instrument(theirs).await;
    let closed = own.closed();
    assert_eq!(closed.len(), 3, "{closed:?}");
    assert!(closed[0].contains("status_code=200") && !closed[0].contains("error.type"));
    let failed = r#"http.response.status_code=404"#;
    assert!(
        closed[1].contains(failed) && closed[1].contains("error.type=\"404\""),
        "{closed:?}"
    );
    assert!(closed[1].contains("url.template=\"/list\""), "{closed:?}");
    // What is not ours is not written to.
    assert!(
        closed[2].contains("theirs") && !closed[2].contains("error.type"),
        "{closed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_is_a_failure() {
    let own = Own::new();
    let case = Case::new(|_, _| say("200 OK", &[], "canary")).await;
    List.request().send(&case.graph).await.unwrap_err();
    let closed = own.closed();
    assert!(closed[0].contains("status_code=200"), "{closed:?}");
    assert!(closed[0].contains("error.type=Answer"), "{closed:?}");
    assert!(
        closed[0].contains("otel.status_code=\"ERROR\""),
        "{closed:?}"
    );
}
