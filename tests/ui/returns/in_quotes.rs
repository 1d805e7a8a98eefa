use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "User.Read.All", returns = "User")]
struct Call;

#[derive(serde::Deserialize)]
struct User {
    id: String,
}

async fn id(graph: &graph_action::Client) -> Result<String, graph_action::Error> {
    Ok(Call.request(1).send(graph).await?.id)
}

fn main() {}
