use graph_action::graph_action;

use serde::Serialize;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
#[derive(Clone, Serialize)]
struct Call {
    display_name: String,
}

fn main() {}
