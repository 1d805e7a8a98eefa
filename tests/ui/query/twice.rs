use graph_action::graph_action;

#[graph_action(get = "/users?$top=<id>&$top=5", scope = "User.Read.All")]
struct Call;

fn main() {}
