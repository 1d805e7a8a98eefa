use graph_action::graph_action;

#[graph_action(path = "/users/<id>/revoke", scope = "User.Read.All")]
struct Call;

fn main() {}
