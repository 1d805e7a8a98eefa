use graph_action::graph_action;

#[graph_action(get = "/users/<id>/photo/$value", scope = "User.Read.All", returns = String)]
struct Call;

fn main() {}
