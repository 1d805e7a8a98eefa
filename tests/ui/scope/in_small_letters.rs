use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "user.read.all")]
struct Call;

fn main() {}
