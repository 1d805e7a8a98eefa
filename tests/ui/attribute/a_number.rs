use graph_action::graph_action;

#[graph_action(1)]
struct Call;

fn main() {}
