use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "Users")]
struct Call;

fn main() {}
