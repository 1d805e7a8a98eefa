use graph_action::graph_action;

#[graph_action(get = "/users?$top=5#all", scope = "User.Read.All")]
struct Call;

fn main() {}
