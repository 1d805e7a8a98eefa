use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
#[serde(remote = "User")]
struct Call {
    name: String,
}

struct User {
    name: String,
}

fn main() {}
