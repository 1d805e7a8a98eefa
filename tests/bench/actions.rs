//! Crates of many actions.

use std::fmt::Write as _;

use graph_action::BoxError;

use crate::crates::{Crate, root};

/// How the actions of a crate are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The structs alone, which can be serialized.
    Derived,
    /// By hand, through one shared call that is boxed.
    Boxed,
    /// By hand, an `async fn` for each.
    Async,
    /// With this crate, and none is called.
    Declared,
    /// The same, each with an attribute of serde.
    Said,
    /// With this crate, each with a function that calls it.
    Called,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Derived => "derived",
            Self::Boxed => "boxed",
            Self::Async => "async",
            Self::Declared => "declared",
            Self::Said => "said",
            Self::Called => "called",
        }
    }
}

/// Writes a library of so many actions. Each has three parameters and a place in its path; every second one answers
/// with a resource of its own.
pub(crate) fn library(way: Way, count: usize) -> Result<Crate, BoxError> {
    let name = format!("{}_{count}", way.name());
    Crate::library(&name, &dependencies(), &source(way, count))
}

/// Writes a program of so many actions, which has to have all of them.
pub(crate) fn program(way: Way, count: usize) -> Result<Crate, BoxError> {
    let name = format!("{}_{count}_program", way.name());
    let mut source = source(way, count);
    source.push_str("\nfn main() {\n    std::hint::black_box([\n");
    for number in 0..count {
        let call = match way {
            Way::Boxed => format!("Action{number}::send"),
            _ => format!("call{number}"),
        };
        writeln!(source, "        {call} as *const () as usize,")?;
    }
    source.push_str("    ]);\n}\n");
    Crate::program(&name, &dependencies(), &source)
}

fn dependencies() -> String {
    let runtime = root().join("runtime");
    format!(
        r#"graph-action = {{ path = {runtime:?} }}
reqwest = {{ version = "0.13", default-features = false, features = ["http2", "rustls", "system-proxy"] }}
serde = {{ version = "1", features = ["derive"] }}
serde_json = "1""#
    )
}

fn source(way: Way, count: usize) -> String {
    let mut source = prelude(way);
    for number in 0..count {
        action(&mut source, way, number);
    }
    source
}

fn prelude(way: Way) -> String {
    let by_hand = root().join("tests/bench/by_hand/boxed.rs");
    match way {
        Way::Derived => "use serde::Serialize;\n".to_owned(),
        Way::Boxed | Way::Async => format!(
            "#[path = {by_hand:?}]\npub mod by_hand;\nuse by_hand::*;\nuse serde::{{Deserialize, Serialize}};\n"
        ),
        Way::Declared | Way::Said | Way::Called => {
            "use graph_action::transport::BoxFuture;\nuse graph_action::{Client, Error, graph_action};\nuse serde::Deserialize;\n".to_owned()
        }
    }
}

/// One action, and a function that calls it. Its future is boxed, so that all that a caller needs is compiled.
fn action(source: &mut String, way: Way, number: usize) {
    // What only derives has no answers, nor has what is compared with it.
    let has_answer = number % 2 == 1 && matches!(way, Way::Boxed | Way::Async | Way::Called);
    let made = format!("Made{number}");
    let answer = if has_answer { &*made } else { "()" };
    let path = format!("/deviceManagement/profiles/<id>/action{number}");
    let filled = path.replace("<id>", "{id}");
    let derived = "#[derive(Serialize)]\n#[serde(rename_all = \"camelCase\")]\n";
    let absent = "    #[serde(skip_serializing_if = \"Option::is_none\")]\n";
    let (attribute, of_field, call) = match way {
        Way::Derived => (derived.to_owned(), absent, String::new()),
        Way::Boxed => {
            let post = if has_answer { "post_for" } else { "post" };
            let call = format!(
                "impl Action{number} {{
    pub fn send<'a>(&self, graph: &'a Graph, id: &str) -> BoxFuture<'a, {answer}> {{
        graph.{post}(&format!(\"/v1.0{filled}\"), serde_json::to_vec(self))
    }}
}}
"
            );
            (derived.to_owned(), absent, call)
        }
        Way::Async => {
            let read = match has_answer {
                true => "Ok(serde_json::from_slice(&response.bytes().await?)?)",
                false => "drop(response);\n        Ok(())",
            };
            let call = format!(
                "impl Action{number} {{
    pub async fn send(&self, graph: &Graph, id: &str) -> Result<{answer}, Box<dyn std::error::Error + Send + Sync>> {{
        let response = graph
            .client
            .post(format!(\"{{}}/v1.0{filled}\", graph.root))
            .bearer_auth(&graph.token)
            .header(\"content-type\", \"application/json\")
            .body(serde_json::to_vec(self)?)
            .send()
            .await?
            .error_for_status()?;
        {read}
    }}
}}

pub fn call{number}<'a>(action: &'a Action{number}, graph: &'a Graph, id: &'a str) -> BoxFuture<'a, {answer}> {{
    Box::pin(action.send(graph, id))
}}
"
            );
            (derived.to_owned(), absent, call)
        }
        Way::Declared | Way::Said | Way::Called => {
            let returns = match has_answer {
                true => format!(", returns = {made}"),
                false => String::new(),
            };
            let attribute = format!(
                "#[graph_action(post = \"{path}\", scope = \"DeviceManagementConfiguration.ReadWrite.All\"{returns})]\n"
            );
            let call = format!(
                "pub fn call{number}<'a>(
    action: &Action{number},
    graph: &'a Client,
    id: &str,
) -> BoxFuture<'a, Result<{answer}, Error>> {{
    Box::pin(action.request(id).send(graph))
}}
"
            );
            let said = "    #[serde(rename = \"isEnabled\")]\n";
            match way {
                Way::Called => (attribute, "", call),
                Way::Said => (attribute, said, String::new()),
                _ => (attribute, "", String::new()),
            }
        }
    };
    write!(
        source,
        "
{attribute}pub struct Action{number} {{
    pub token_validity_in_seconds: i32,
    pub display_name: String,
{of_field}    pub is_enabled: Option<bool>,
}}

{call}"
    )
    .expect("a string takes what is written");
    if has_answer {
        write!(
            source,
            "
#[derive(Deserialize)]
pub struct {made} {{
    pub id: String,
    pub name: Option<String>,
}}
"
        )
        .expect("a string takes what is written");
    }
}
