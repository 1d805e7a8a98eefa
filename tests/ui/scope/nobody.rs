use graph_action::graph_action;

#[graph_action(get = "/users/<id>", delegated = [], application = [])]
struct Call;

fn main() {}
