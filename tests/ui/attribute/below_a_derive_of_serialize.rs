use graph_action::graph_action;

#[derive(serde::Serialize)]
#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    name: String,
}

fn main() {}
