use graph_action::graph_action;

#[graph_action(get = "/users/<id: String>", scope = "User.Read.All")]
struct Call;

fn main() {}
