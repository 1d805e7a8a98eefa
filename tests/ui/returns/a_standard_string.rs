use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = std::string::String)]
struct Call;

fn main() {}
