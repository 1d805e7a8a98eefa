use graph_action::graph_action;

#[graph_action(get = "", scope = "User.Read.All")]
struct Call;

fn main() {}
