use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[serde(rename_all = "PascalCase")]
    name: String,
}

fn main() {}
