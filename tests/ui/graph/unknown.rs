use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[graph(heder = "If-Match")]
    etag: String,
}

fn main() {}
