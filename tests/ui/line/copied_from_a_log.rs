use graph_action::graph_action;

#[graph_action(get = "POST https://graph.microsoft.com/v1.0/me/sendMail HTTP/1.1", scope = "User.Read.All")]
struct Call;

fn main() {}
