use graph_action::graph_action;

#[graph_action(delete = "/applications(appId='<id>')", scope = "User.Read.All")]
struct Call {
    id: Option<String>,
}

fn main() {}
