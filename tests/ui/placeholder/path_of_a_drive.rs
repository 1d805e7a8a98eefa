use graph_action::graph_action;

#[graph_action(get = "/me/drive/root:/{item-path}:/content", scope = "User.Read.All", returns = graph_action::Content)]
struct Call;

fn main() {}
