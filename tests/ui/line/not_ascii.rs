use graph_action::graph_action;

#[graph_action(get = "/grüppen", scope = "User.Read.All")]
struct Call;

fn main() {}
