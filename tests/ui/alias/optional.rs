use graph_action::graph_action;

#[graph_action(get = "/f(ids=@ids)?@ids=<ids>", scope = "User.Read.All")]
struct Call {
    ids: Option<Vec<String>>,
}

fn main() {}
