use graph_action::graph_action;

#[graph_action(get = "users/<id>", scope = "User.Read.All")]
struct Call {
    id: u32,
}

fn main() {
    let _ = Call { id: 1 }.request();
}
