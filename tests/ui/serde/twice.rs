use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[serde(rename = "a", rename = "b")]
    name: String,
}

fn main() {}
