use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = impl Sized)]
struct Call;

fn main() {}
