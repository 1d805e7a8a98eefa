use graph_action::graph_action;

#[graph_action(get = "/drives/<path..>/children", scope = "User.Read.All")]
struct Call;

fn main() {
    let _ = Call.request("id");
}
