use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
#[derive(graph_action::serde::Serialize)]
struct Call {
    name: String,
}

fn main() {}
