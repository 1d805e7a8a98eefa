use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = 1)]
struct Call;

fn main() {}
