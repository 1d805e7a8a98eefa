use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "Not supported.")]
struct Call;

fn main() {}
