use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Readwrite.All")]
struct Call;

fn main() {}
