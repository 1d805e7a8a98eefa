use graph_action::graph_action;

#[graph_action(get = "/users", scope = "User.Read.All")]
enum Call {
    A,
}

fn main() {}
