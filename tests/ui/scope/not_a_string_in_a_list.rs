use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = ["User.Read.All", 2])]
struct Call;

fn main() {}
