use graph_action::graph_action;

#[graph_action(get = "/f(a=g(<id>))", scope = "User.Read.All")]
struct Call;

fn main() {}
