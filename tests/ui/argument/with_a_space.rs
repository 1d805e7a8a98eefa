use graph_action::graph_action;

#[graph_action(get = "/reports/getCounts(skip=<id>, top=5)", scope = "User.Read.All")]
struct Call;

fn main() {
    let _ = Call.request("id");
}
