use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call;

impl Call {
    fn request(&self) {}
}

fn main() {}
