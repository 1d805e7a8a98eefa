//! A declaration of each action and function of Graph v1.0, generated from its metadata.

#![allow(dead_code, unused_imports)]
use std::fmt;
use graph_action::{Action, Collection, Content, Flags, PathValue, Request, Value, graph_action};
use serde::Serialize;
use time::macros::{date, datetime};
use uuid::Uuid;

/// A moment, written in the same way in a body and in a line.
pub struct Moment(time::OffsetDateTime);

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(formatter)
    }
}

impl PathValue for Moment {}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

type Object = serde_json::Map<String, serde_json::Value>;

fn object() -> Object {
    Object::from_iter([("@odata.type".to_owned(), "#microsoft.graph.sample".into())])
}

/// Shows what an action sends with all its parameters, and without those that may be absent.
fn print<A: Action>(whole: &Request<A>, least: &Request<A>) {
    let body = |request: &Request<A>| {
        let body = request.body()?;
        Some(serde_json::from_slice::<serde_json::Value>(body).unwrap())
    };
    let shown = serde_json::json!({
        "method": A::DECLARATION.method.as_str(),
        "path": whole.path().unwrap(),
        "body": body(whole),
        "least_path": least.path().unwrap(),
        "least_body": body(least),
        "delegated": A::DECLARATION.permissions.delegated,
        "personal": A::DECLARATION.permissions.personal,
        "application": A::DECLARATION.permissions.application,
    });
    println!("{shown}");
}
