//! The documented calls of Graph, declared, sent over a socket and answered as documented; generated.

#![allow(dead_code, unused_imports)]
use graph_action::{
    Action, Client, Collection, Content, FromResponse, Operation, Request, Value, graph_action,
};
use graph_action_tests::RawServer;

type Json = serde_json::Value;
type Object = serde_json::Map<String, Json>;

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

/// Sends a call to a server that answers with `answer`, and prints what it was sent and what came of it.
/// `{storage}` in the answer stands for the address of another server, which a redirect leads to.
fn replay<A: Action>(id: &str, request: Request<A>, answer: &str) {
    let storage = RawServer::answering(graph_action_tests::answer("200 OK", &[], "content"));
    let server = RawServer::answering(answer.replace("{storage}", storage.root()));
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let error = runtime.block_on(request.send(&server.client())).err();
    let shown = serde_json::json!({
        "id": id,
        "sent": server.requests(),
        "fetched": storage.requests().len(),
        "error": error.map(|error| error.to_string()),
    });
    println!("{shown}");
}
