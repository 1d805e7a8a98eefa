use graph_action::graph_action;

#[graph_action(get = "/users?top=1", scope = "User.Read.All")]
struct Call;

fn main() {}
