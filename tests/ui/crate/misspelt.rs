use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", crate = ::graph_actoin)]
struct Call;

fn main() {}
