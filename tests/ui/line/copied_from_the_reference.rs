use graph_action::graph_action;

#[graph_action(get = "GET /users/{id | userPrincipalName}/messages/{id}", scope = "User.Read.All")]
struct Call;

fn main() {}
