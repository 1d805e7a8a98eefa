use graph_action::graph_action;

#[graph_action(get = "/users/<profile_id>", scope = "User.Read.All")]
struct Call {
    profle_id: String,
}

fn main() {}
