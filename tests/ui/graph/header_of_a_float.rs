use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[graph(header = "If-Match")]
    etag: f64,
}

fn main() {}
