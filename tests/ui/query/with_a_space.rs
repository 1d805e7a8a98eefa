use graph_action::graph_action;

#[graph_action(get = "/users?$orderby=displayName desc", scope = "User.Read.All")]
struct Call;

fn main() {}
