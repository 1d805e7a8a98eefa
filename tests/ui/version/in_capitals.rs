use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", version = "Beta")]
struct Call;

fn main() {}
