use graph_action::graph_action;

#[graph_action(get = "/users?top=<id>&", scope = "User.Read.All")]
struct Call;

fn main() {
    let _ = Call.request("id");
}
