use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[serde(default)]
    ärger: bool,
}

fn main() {}
