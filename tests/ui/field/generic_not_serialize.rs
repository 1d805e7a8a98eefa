use graph_action::graph_action;

#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
struct Call<T> {
    name: T,
}

struct Name;

fn main() {
    let _ = Call { name: Name }.request("id");
}
