//! Does the expansion stand on its own feet, where no name of the prelude is at hand and the usual ones
//! mean something else?

#![no_implicit_prelude]

use ::graph_action::{Client, Error, graph_action};
use ::std::{assert, assert_eq};

// What an expansion could trip over.
#[allow(dead_code)]
mod traps {
    pub(crate) struct Option;
    pub(crate) struct Result;
    pub(crate) struct String;
    pub(crate) struct Vec;
    pub(crate) trait Into {}
    pub(crate) trait Action {}
    pub(crate) mod core {}
    pub(crate) mod serde {}
    pub(crate) mod std {}
}
#[allow(unused_imports)]
use traps::{Action, Into, Option, Result, String, Vec, core, serde, std};

#[graph_action(post = "/users/<id>/<kind>", scope = "User.Read.All", returns = Answer)]
#[derive(::std::clone::Clone)]
struct Everything<'a, T: ::std::clone::Clone> {
    id: &'a str,
    present: ::std::option::Option<T>,
    absent: ::std::option::Option<T>,
}

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = Answer)]
struct Get;

#[derive(::serde::Deserialize)]
struct Answer {
    value: ::std::string::String,
}

async fn send(graph: &Client) -> ::std::result::Result<(), Error> {
    let everything = Everything {
        id: "a",
        present: ::std::option::Option::Some(1),
        absent: ::std::option::Option::None,
    };
    let clone = ::std::clone::Clone::clone(&everything);
    assert_eq!(clone.request("b").send(graph).await?.value, "answer");
    assert_eq!(Get.request("b").send(graph).await?.value, "answer");
    ::std::result::Result::Ok(())
}

#[test]
fn an_action_needs_no_prelude() {
    use ::std::prelude::rust_2024::*;

    let answer = ::graph_action_tests::answer("200 OK", &[], r#"{"value":"answer"}"#);
    let server = ::graph_action_tests::RawServer::answering(answer);
    let mut runtime = ::tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(send(&server.client())).unwrap();
    let requests = server.requests();
    assert!(requests[0].starts_with("POST /v1.0/users/a/b "));
    assert!(requests[0].ends_with("\r\n\r\n{\"present\":1}"));
}
