use graph_action::graph_action;

#[graph_action(get = "/users/[id]/<id>", scope = "User.Read.All")]
struct Call;

fn main() {
    let _ = Call.request("id");
}
