use graph_action::graph_action;

#[graph_action(get = "/users/<id>", delegated = "User.Read", application = false)]
struct Call;

fn main() {}
