use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
#[serde(crate = "serde")]
struct Call {
    display_name: String,
}

fn main() {}
