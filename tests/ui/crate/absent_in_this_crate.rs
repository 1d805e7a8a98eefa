use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All", crate = crate::graph)]
#[derive(Clone)]
struct Call {
    #[serde(rename = "Name")]
    name: Option<String>,
}

fn main() {
    let _ = Call { name: None }.request("id").send(todo!());
}
