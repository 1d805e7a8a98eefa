use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[graph(body)]
    #[serde(serialize_with = "name")]
    name: String,
}

fn main() {}
