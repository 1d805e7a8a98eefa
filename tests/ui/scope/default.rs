use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "https://graph.microsoft.com/.default")]
struct Call;

fn main() {}
