use graph_action::graph_action;

#[graph_action(get = "https://graph.microsoft.com", scope = "User.Read.All")]
struct Call;

fn main() {}
