use graph_action::graph_action;

#[graph_action(get = "/users/<id>", scope = "DeviceManagementConfiguration.ReadWriteAll")]
struct Call;

fn main() {}
