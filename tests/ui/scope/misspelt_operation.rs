use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.ReadWirte.All")]
struct Call;

fn main() {}
