use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[graph(header = "Prefer")]
    a: String,
    #[graph(header = "prefer")]
    b: String,
}

fn main() {}
