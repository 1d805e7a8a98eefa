use graph_action::graph_action;

#[graph_action(post, scope = "User.Read.All")]
struct Call;

fn main() {}
