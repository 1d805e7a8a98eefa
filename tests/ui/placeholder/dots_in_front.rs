use graph_action::graph_action;

#[graph_action(get = "/users/<..path>", scope = "User.Read.All")]
struct Call;

fn main() {}
