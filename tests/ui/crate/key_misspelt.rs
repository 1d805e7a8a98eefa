use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", crat = ::graph_action)]
struct Call;

fn main() {}
