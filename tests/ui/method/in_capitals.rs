use graph_action::graph_action;

#[graph_action(POST = "/users/<id>/revoke", scope = "User.Read.All")]
struct Call;

fn main() {
    let _ = Call.request("id");
}
