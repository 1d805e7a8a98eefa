//! What every row asserts: an answer within the deadline, the request id where there was one, no secret in
//! `Debug`, `Display`, an error's sources or the logs at TRACE, and the number of requests.

use std::error::Error as _;
use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use graph_action::credential::StaticToken;
use graph_action::{Client, ClientBuilder, Collection, Content, Error, Operation, graph_action};
use serde::Deserialize;
use tokio::time::Instant;
use tracing_subscriber::fmt::MakeWriter;

use crate::rude::{Move, Rude};

/// In tokens, bodies and answers that are not read; nothing else may hold it.
pub(crate) const CANARY: &str = "canary";

#[graph_action(post = "/do", scope = "User.ReadWrite.All")]
pub(crate) struct Do {
    pub(crate) secret: &'static str,
}

#[graph_action(post = "/repeat", scope = "User.ReadWrite.All", idempotent)]
pub(crate) struct Repeat {
    pub(crate) secret: &'static str,
}

#[graph_action(get = "/model", scope = "User.Read.All", returns = Model)]
pub(crate) struct Get;

#[graph_action(get = "/json", scope = "User.Read.All", returns = serde_json::Value)]
pub(crate) struct GetJson;

#[graph_action(get = "/list", scope = "User.Read.All", returns = Collection<Model>)]
pub(crate) struct List;

#[graph_action(get = "/content", scope = "Files.Read.All", returns = Content)]
pub(crate) struct Download;

#[graph_action(post = "/start", scope = "Team.Create", returns = Operation<()>)]
pub(crate) struct Start;

#[derive(Debug, Deserialize)]
pub(crate) struct Model {
    pub(crate) id: String,
}

pub(crate) const DO: Do = Do {
    secret: "canary-body",
};

/// A server, a client of it, and when they began.
pub(crate) struct Case {
    pub(crate) server: Rude,
    pub(crate) graph: Client,
    began: Instant,
}

impl Case {
    pub(crate) async fn new(answer: impl Fn(usize, &str) -> Move + Send + Sync + 'static) -> Self {
        Self::with(answer, |builder| builder).await
    }

    pub(crate) async fn with(
        answer: impl Fn(usize, &str) -> Move + Send + Sync + 'static,
        set_up: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Self {
        let server = Rude::start(answer).await;
        let graph = set_up(client(server.root())).build().unwrap();
        Self {
            server,
            graph,
            began: Instant::now(),
        }
    }

    /// Asserts what holds for every row, and gives the result back.
    pub(crate) fn check<T: Debug>(
        &self,
        result: Result<T, Error>,
        sends: usize,
    ) -> Result<T, Error> {
        self.check_ids(result, sends, Some("theirs"))
    }

    /// The same, where another request id came with the answer, or none.
    pub(crate) fn check_ids<T: Debug>(
        &self,
        result: Result<T, Error>,
        sends: usize,
        request_id: Option<&str>,
    ) -> Result<T, Error> {
        let seen = self.server.seen();
        assert_eq!(seen.len(), sends, "{result:?}");
        assert!(
            self.began.elapsed() <= Duration::from_secs(101),
            "{result:?}"
        );
        if let Err(error) = &result {
            assert_eq!(error.request_id(), request_id, "{error:?}");
            assert!(error.client_request_id().is_some(), "{error:?}");
            assert_eq!(error.attempts() > 0, sends > 0, "{error:?}");
            discreet(error);
        }
        assert_silent();
        result
    }
}

/// Asserts that an error holds no secret, in whatever way it is shown, and gives it back as all it says.
pub(crate) fn discreet(error: &Error) -> String {
    let mut said = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        said.push_str(&format!("{cause} {cause:?}"));
        source = cause.source();
    }
    assert!(!said.contains(CANARY), "{said}");
    assert!(!error.to_string().contains(char::is_control), "{said}");
    assert_silent();
    said
}

/// Sets up a client with a secret token.
pub(crate) fn client(root: &str) -> ClientBuilder {
    logs();
    let token = StaticToken::new("canary-token").unwrap();
    Client::builder(token).root(root)
}

/// Asserts that no secret is in the logs, by whichever crate.
pub(crate) fn assert_silent() {
    let logs = logs().0.lock().unwrap_or_else(PoisonError::into_inner);
    let logs = String::from_utf8_lossy(&logs);
    assert!(!logs.is_empty());
    let line = logs.lines().find(|line| line.contains(CANARY));
    assert_eq!(line, None);
}

/// The logs of all tests, at TRACE.
pub(crate) fn logs() -> &'static Logs {
    static LOGS: OnceLock<Logs> = OnceLock::new();
    LOGS.get_or_init(|| {
        let logs = Logs::default();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(logs.clone())
            .init();
        tracing::trace!("collecting");
        logs
    })
}

#[derive(Clone, Default)]
pub(crate) struct Logs(pub(crate) Arc<Mutex<Vec<u8>>>);

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logs.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logs {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
