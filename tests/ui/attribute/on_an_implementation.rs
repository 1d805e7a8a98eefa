use graph_action::graph_action;

struct Call;

#[graph_action(get = "/users/<id>", scope = "User.Read.All")]
impl Call {}

fn main() {}
