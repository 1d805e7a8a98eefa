use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope)]
struct Call;

fn main() {}
