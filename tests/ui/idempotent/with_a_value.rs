use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All", idempotent = true)]
struct Call;

fn main() {}
