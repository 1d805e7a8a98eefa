use graph_action::graph_action;

#[graph_action(get = "/items('<id>')", scope = "User.Read.All")]
struct Call {
    id: Option<String>,
}

fn main() {}
