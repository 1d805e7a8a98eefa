use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", crate = "graph-action")]
struct Call;

fn main() {}
