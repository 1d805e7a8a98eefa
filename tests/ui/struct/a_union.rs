use graph_action::graph_action;

#[graph_action(get = "/users", scope = "User.Read.All")]
union Call {
    a: u8,
    b: i8,
}

fn main() {}
