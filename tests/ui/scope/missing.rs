use graph_action::graph_action;

#[graph_action(get = "/users/<id>")]
struct Call;

fn main() {
    let _ = Call.request("id");
}
