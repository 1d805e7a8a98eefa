use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = Option<graph_action::Collection<User>>)]
struct Call;

#[derive(serde::Deserialize)]
struct User;

fn main() {}
