use graph_action::graph_action;

#[graph_action(scope = "User.Read.All")]
struct Call;

fn main() {}
