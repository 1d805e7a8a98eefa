use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[graph(header = "If-Match")]
    #[graph(header = "Prefer")]
    etag: String,
}

fn main() {}
