use graph_action::graph_action;

#[graph_action(post("/users"), scope = "User.Read.All")]
struct Call;

fn main() {}
