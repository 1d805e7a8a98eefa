use graph_action::graph_action;

#[graph_action(get = "/f(a='b?c')", scope = "User.Read.All")]
struct Call;

fn main() {}
