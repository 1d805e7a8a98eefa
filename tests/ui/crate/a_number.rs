use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", crate = 1)]
struct Call;

fn main() {
    let _ = Call.request("id");
}
