//! Is what `Cargo.toml` says of the published crates true?

use std::env;
use std::process::Command;

use serde_json::Value;

/// The toolchain of a machine here is one; so the versions that the dependencies ask for stand in for
/// an older compiler. That the crates' own code asks for no more is clippy's `incompatible_msrv`.
#[test]
fn no_dependency_asks_for_a_newer_compiler_than_we_do() {
    let cargo = env::var_os("CARGO").expect("cargo runs the tests");
    let metadata = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--all-features"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let ours = version(env!("CARGO_PKG_RUST_VERSION"));
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50);
    for package in packages {
        if let Some(theirs) = package["rust_version"].as_str() {
            assert!(
                version(theirs) <= ours,
                "{} asks for {theirs}",
                package["name"]
            );
        }
    }
}

fn version(text: &str) -> Vec<u32> {
    text.split('.')
        .take(2)
        .map(|part| part.parse().unwrap())
        .collect()
}
