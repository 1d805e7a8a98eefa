use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", delegated = "User.Read", application = [])]
struct Call;

fn main() {}
