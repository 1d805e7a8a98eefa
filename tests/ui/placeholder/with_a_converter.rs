use graph_action::graph_action;

#[graph_action(get = "/users/<int:id>", scope = "User.Read.All")]
struct Call;

fn main() {}
