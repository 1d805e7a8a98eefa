use graph_action::graph_action;

#[graph_action(get = "/f?@ids=<id>", scope = "User.Read.All")]
struct Call;

fn main() {
    let _ = Call.request("id");
}
