use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = Box<String>)]
struct Call;

fn main() {}
