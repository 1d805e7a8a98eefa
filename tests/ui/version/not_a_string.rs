use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", version = 1.0)]
struct Call;

fn main() {}
