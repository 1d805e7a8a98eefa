use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
#[graph(body)]
struct Call {
    name: String,
}

fn main() {}
