use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[cfg_attr(unix, serde(skip_serializing_if = "Option::is_none"))]
    name: Option<String>,
}

fn main() {}
