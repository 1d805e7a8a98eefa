use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = graph_action::Collection<&str>)]
struct Call;

fn main() {}
