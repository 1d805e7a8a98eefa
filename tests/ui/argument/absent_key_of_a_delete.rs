use graph_action::graph_action;

#[graph_action(delete = "/applications(appId='<id>')", scope = "User.Read.All")]
struct Call;

fn main() {
    let _ = Call.request(None::<&str>);
}
