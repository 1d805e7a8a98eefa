use graph_action::graph_action;

#[graph_action(get = "/users/<id>", delegated = "User.Read.All")]
struct Call;

fn main() {}
