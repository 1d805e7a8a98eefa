use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", version = "v1")]
struct Call;

fn main() {
    let _ = Call.request("id");
}
