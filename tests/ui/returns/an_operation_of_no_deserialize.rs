use graph_action::{Operation, graph_action};

#[graph_action(post = "/users/<id>", scope = "User.Read.All", returns = Operation<User>)]
struct Call;

struct User;

fn main() {}
