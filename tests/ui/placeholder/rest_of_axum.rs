use graph_action::graph_action;

#[graph_action(get = "/users/<id>/{*rest}", scope = "User.Read.All")]
struct Call;

fn main() {}
