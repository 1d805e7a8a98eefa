use graph_action::graph_action;

#[graph_action(get = "/users/<id>", delegated = "User.Read", application)]
struct Call;

fn main() {}
