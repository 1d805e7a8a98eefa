use graph_action::graph_action;

#[graph_action(get = "/users/<id>/.../messages", scope = "User.Read.All")]
struct Call;

fn main() {}
