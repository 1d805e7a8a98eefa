use graph_action::graph_action;

#[graph_action(get = "/users?top", scope = "User.Read.All")]
struct Call;

fn main() {}
