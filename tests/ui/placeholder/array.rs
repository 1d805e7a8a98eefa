use graph_action::graph_action;

#[graph_action(get = "/users/<ids>", scope = "User.Read.All")]
struct Call {
    ids: [u8; 2],
}

fn main() {}
