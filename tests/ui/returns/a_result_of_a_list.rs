use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = Result<Vec<User>, Error>)]
struct Call;

fn main() {}
