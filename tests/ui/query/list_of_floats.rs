use graph_action::graph_action;

#[graph_action(get = "/users?top=<top>", scope = "User.Read.All")]
struct Call {
    top: Vec<f64>,
}

fn main() {}
