use graph_action::graph_action;

#[graph_action("/users/<id>", scope = "User.Read.All")]
struct Call;

fn main() {}
