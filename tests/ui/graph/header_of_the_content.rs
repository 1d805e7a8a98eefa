use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[graph(header = "Content-Type")]
    content_type: String,
}

fn main() {}
