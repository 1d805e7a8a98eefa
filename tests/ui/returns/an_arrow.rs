use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns -> User)]
struct Call;

#[derive(serde::Deserialize)]
struct User;

fn main() {}
