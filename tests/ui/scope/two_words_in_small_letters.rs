use graph_action::graph_action;

#[graph_action(get = "/me/events", scope = "calendars.readwrite")]
struct Call;

fn main() {}
