use graph_action::graph_action;

#[graph_action(method = "GET", scope = "User.Read.All")]
struct Call;

fn main() {}
