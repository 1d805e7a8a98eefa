use graph_action::graph_action;

#[graph_action(get = "/users/<id>", delgated = "User.Read", application = [])]
struct Call;

fn main() {}
