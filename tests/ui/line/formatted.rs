use graph_action::graph_action;

#[graph_action(get = format!("/users/{}", 1), scope = "User.Read.All")]
struct Call;

fn main() {}
