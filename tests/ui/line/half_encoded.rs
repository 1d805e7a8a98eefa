use graph_action::graph_action;

#[graph_action(get = "/users/100%zz", scope = "User.Read.All")]
struct Call;

fn main() {}
