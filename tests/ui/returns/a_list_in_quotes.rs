use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = "Vec<User>")]
struct Call;

fn main() {}
