use graph_action::graph_action;

#[graph_action(post = 1, scope = "User.Read.All")]
struct Call;

fn main() {}
