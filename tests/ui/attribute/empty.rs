use graph_action::graph_action;

#[graph_action()]
struct Call;

fn main() {}
