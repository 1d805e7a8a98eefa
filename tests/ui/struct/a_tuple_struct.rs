use graph_action::graph_action;

#[graph_action(post = "/users", scope = "User.Read.All")]
struct Call(u32);

fn main() {}
