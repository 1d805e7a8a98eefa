//! Does an action set off a lint in a crate that allows none? `user` is such a crate, and has the
//! runtime under another name besides.

use std::env;
use std::process::Command;

use graph_action_tests::skipped;

#[test]
fn a_strict_crate_stays_without_a_warning() {
    let cargo = env::var_os("CARGO").expect("cargo runs the tests");
    let is_installed = Command::new(&cargo).args(["clippy", "--version"]).output();
    if !is_installed.is_ok_and(|output| output.status.success()) {
        skipped("clippy is not installed: the lints of a strict crate are not checked");
        return;
    }
    let clippy = Command::new(&cargo)
        .args(["clippy", "--quiet", "--package", "graph-action-tests-user"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&clippy.stderr);
    assert!(clippy.status.success() && said.is_empty(), "{said}");
}
