use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = "a user")]
struct Call;

fn main() {}
