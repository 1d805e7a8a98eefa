use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = Vec<u8>)]
struct Call;

fn main() {}
