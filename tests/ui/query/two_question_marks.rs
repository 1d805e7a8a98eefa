use graph_action::graph_action;

#[graph_action(get = "/users?a=<a>?b=<b>", scope = "User.Read.All")]
struct Call;

fn main() {}
