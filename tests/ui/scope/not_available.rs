use graph_action::graph_action;

#[graph_action(get = "/users/<id>", delegated = "User.Read", application = "Not available.")]
struct Call;

fn main() {}
