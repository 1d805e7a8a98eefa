use graph_action::graph_action;

#[graph_action(get = "/users", scope = "User.Read.All")]
fn call() {}

fn main() {}
