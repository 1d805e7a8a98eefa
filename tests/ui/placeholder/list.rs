use graph_action::graph_action;

#[graph_action(get = "/users/<ids>", scope = "User.Read.All")]
struct Call {
    ids: Vec<String>,
}

fn main() {}
