use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[graph(body = false)]
    name: String,
}

fn main() {}
