use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
#[serde(deny_unknown_field)]
struct Call {
    name: String,
}

fn main() {}
