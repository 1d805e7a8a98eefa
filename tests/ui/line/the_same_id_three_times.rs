use graph_action::graph_action;

#[graph_action(get = "/users/{id}/mailFolders/{id}/messages/{id}", scope = "User.Read.All")]
struct Call;

fn main() {}
