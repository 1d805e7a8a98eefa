use graph_action::graph_action;

#[graph_action(get = "/users/<id>/%2E%2e/groups", scope = "User.Read.All")]
struct Call;

fn main() {
    let _ = Call.request("id");
}
