use graph_action::graph_action;

#[graph_action(head = "/users/<id>", scope = "User.Read.All")]
struct Call;

fn main() {}
