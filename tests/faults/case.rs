//! What every row asserts: an answer within the deadline, the request id where there was one, no secret in
//! `Debug`, `Display`, an error's sources or the logs at TRACE, and the number of requests.

use std::fmt::Debug;
use std::time::Duration;

use graph_action::credential::StaticToken;
use graph_action::{Client, ClientBuilder, Collection, Content, Error, Operation, graph_action};
pub(crate) use graph_action_tests::discreet;
use graph_action_tests::watch;
use serde::Deserialize;
use tokio::time::Instant;

use graph_action_tests::rude::{Move, Rude};

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
        result
    }
}

/// Sets up a client with a secret token.
pub(crate) fn client(root: &str) -> ClientBuilder {
    watch();
    let token = StaticToken::new("canary-token").unwrap();
    Client::builder(token).root(root)
}
