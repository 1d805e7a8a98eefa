use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = Page)]
struct Call;

#[derive(serde::Deserialize)]
struct Page<'a> {
    name: &'a str,
}

fn main() {}
