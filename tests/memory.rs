//! Does an answer take about as much memory as it is long, however it comes? Alone in its program, since
//! memory is counted for all of it.

use graph_action::graph_action;
use graph_action_tests::RawServer;
use peak_alloc::PeakAlloc;
use serde::Deserialize;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[graph_action(get = "/model", scope = "User.Read.All", returns = Model)]
struct Get;

#[derive(Deserialize)]
struct Model {
    id: String,
}

#[tokio::test]
async fn many_small_pieces_take_no_more_memory_than_one() {
    let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    bytes.extend_from_slice(&b"1\r\n \r\n".repeat(1 << 19));
    bytes.extend_from_slice(b"d\r\n{\"id\":\"mine\"}\r\n0\r\n\r\n");
    let server = RawServer::answering(bytes);
    let graph = server.client();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage_as_mb();
    assert_eq!(Get.request().send(&graph).await.unwrap().id, "mine");
    let grown = MEMORY.peak_usage_as_mb() - before;
    // The server's copy of what it sends is 3 MB of it, the answer half a one, twice while it grows.
    assert!(grown < 8.0, "{grown} MB");
}
