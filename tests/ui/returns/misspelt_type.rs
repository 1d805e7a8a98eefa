use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = Usr)]
struct Call;

async fn call(graph: &graph_action::Client) -> String {
    Call.request("id").send(graph).await.unwrap().name
}

fn main() {}
