use graph_action::graph_action;

#[graph_action(pots = "/users/<id>/revoke", scope = "User.Read.All")]
struct Call;

fn main() {
    let _ = Call.request("id");
}
