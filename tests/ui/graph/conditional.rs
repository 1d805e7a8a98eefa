use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[cfg_attr(unix, graph(header = "If-Match"))]
    etag: String,
}

fn main() {}
