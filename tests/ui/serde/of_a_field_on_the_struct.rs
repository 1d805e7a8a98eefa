use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
#[serde(flatten)]
struct Call {
    name: String,
}

fn main() {}
