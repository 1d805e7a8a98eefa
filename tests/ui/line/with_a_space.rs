use graph_action::graph_action;

#[graph_action(get = "/all users", scope = "User.Read.All")]
struct Call;

fn main() {}
