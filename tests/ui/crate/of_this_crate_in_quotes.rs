use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", crate = "crate::graph")]
struct Call;

fn main() {}
