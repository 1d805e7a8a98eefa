use graph_action::graph_action;

#[graph_action(get = "/users/<id>", application = "User.Read.All")]
struct Call;

fn main() {}
