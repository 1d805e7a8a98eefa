use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
#[serde(rename_all = "PascalCase")]
struct Call {
    display_name: String,
}

fn main() {}
