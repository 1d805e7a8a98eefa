use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "https://graph.microsoft.com/User.Read.All")]
struct Call;

fn main() {}
