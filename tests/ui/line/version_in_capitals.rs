use graph_action::graph_action;

#[graph_action(get = "/V1.0/users/<id>", scope = "User.Read.All")]
struct Call;

fn main() {
    let _ = Call.request("id");
}
