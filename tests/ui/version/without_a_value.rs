use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", version =)]
struct Call;

fn main() {}
