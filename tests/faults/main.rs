//! Is every fault of `FAULTS.md` that a transport can meet come through? One test a row, named after its
//! number, over real sockets; each asserts with one helper (`case.rs`) what holds for all of them.
//!
//! | rows | tests |
//! | --- | --- |
//! | 1 to 19, 21 to 24: throttling and retry | `throttling.rs` |
//! | 20, 78, 79: HTTP/2, TLS, proxies | `tls.rs` |
//! | 25 to 42: answers | `answers.rs` |
//! | 43 to 49, 66: error bodies, a token that is refused | `errors.rs` |
//! | 50 to 65, 67 to 71, 77: sign-in | `sign_in.rs` |
//! | 72 to 76: hosts | `hosts.rs` |
//! | 80 to 84: inputs | `inputs.rs` |
//!
//! Rows 85 to 88 are of `$batch`. Of two rows there is more to say:
//!
//! - 21: bodies are held in memory, so there is none that can be sent once only; the test shows that what is
//!   sent again is whole.
//! - 24: each caller waits for himself. What throttles one need not concern another, who may call another
//!   service of Graph, so nobody is held back for the sake of others.

mod answers;
mod case;
mod errors;
mod hosts;
mod inputs;
mod sign_in;
mod throttling;
mod tls;
mod tracing;

#[test]
fn every_row_has_its_test() {
    let sources = [
        include_str!("answers.rs"),
        include_str!("errors.rs"),
        include_str!("hosts.rs"),
        include_str!("inputs.rs"),
        include_str!("sign_in.rs"),
        include_str!("throttling.rs"),
        include_str!("tls.rs"),
    ];
    let source = sources.concat();
    let lines: Vec<&str> = source.lines().collect();
    let tests = lines
        .windows(2)
        .filter(|pair| pair[0].starts_with("#[tokio::test"));
    let tests: Vec<&str> = tests.map(|pair| pair[1]).collect();
    for row in 1..=84 {
        let name = format!("async fn row_{row:02}_");
        let has_test = tests.iter().any(|test| test.starts_with(&name));
        assert!(has_test, "row {row} has no test");
    }
}
