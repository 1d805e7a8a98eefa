//! Many calls by hand, so that each costs the compiler little: one shared call, which is boxed and generic in nothing
//! but what it is answered with.

use std::error::Error;
use std::pin::Pin;

use reqwest::{Client, Response};
use serde::de::DeserializeOwned;

pub type BoxFuture<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, Box<dyn Error + Send + Sync>>> + Send + 'a>>;

/// A body, written as JSON, or why it cannot be.
pub type Body = serde_json::Result<Vec<u8>>;

/// A client that has its token.
pub struct Graph {
    pub client: Client,
    pub root: String,
    pub token: String,
}

impl Graph {
    /// For an action that answers with nothing.
    pub fn post<'a>(&'a self, path: &str, body: Body) -> BoxFuture<'a, ()> {
        let response = self.send(path, body);
        Box::pin(async move { response.await.map(drop) })
    }

    /// For an action that answers with a resource.
    pub fn post_for<'a, T: DeserializeOwned>(&'a self, path: &str, body: Body) -> BoxFuture<'a, T> {
        let response = self.send(path, body);
        Box::pin(async move { Ok(serde_json::from_slice(&response.await?.bytes().await?)?) })
    }

    fn send<'a>(&'a self, path: &str, body: Body) -> BoxFuture<'a, Response> {
        let url = format!("{}{path}", self.root);
        Box::pin(async move {
            let request = self.client.post(url).bearer_auth(&self.token);
            let request = request.header("content-type", "application/json");
            Ok(request.body(body?).send().await?.error_for_status()?)
        })
    }
}
