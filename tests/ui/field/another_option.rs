use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call {
    name: own::Option<String>,
}

mod own {
    #[derive(serde::Serialize)]
    pub struct Option<T>(T);
}

fn main() {}
