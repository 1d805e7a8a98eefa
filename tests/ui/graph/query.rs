use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All")]
struct Call {
    #[graph(query = "$top")]
    top: u32,
}

fn main() {}
