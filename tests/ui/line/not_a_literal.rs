use graph_action::graph_action;

const LINE: &str = "/users";

#[graph_action(get = LINE, scope = "User.Read.All")]
struct Call;

fn main() {}
