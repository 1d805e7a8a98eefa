use graph_action::graph_action;

#[graph_action(get = "/users/{user-id}/messages/{message-id}", scope = "User.Read.All")]
struct Call;

fn main() {}
