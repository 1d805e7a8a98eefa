use graph_action::graph_action;

#[graph_action(post = "/users/<profile_id>", scope = "User.Read.All")]
struct Call {
    profileid: String,
}

fn main() {
    let _ = Call { profileid: "1".into() }.request();
}
