use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[serde(rename = 1)]
    name: String,
}

fn main() {}
