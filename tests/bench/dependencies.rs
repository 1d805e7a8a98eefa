//! What this crate adds to what a program with reqwest, tokio, serde and `serde_json` has to compile.
//!
//! `cargo run --release -p graph-action-bench -- dependencies` checks both from nothing, with the one cryptography
//! and with the other, and prints how many crates there are and the CPU time of it.

use std::collections::BTreeSet;
use std::env;

use graph_action::BoxError;

use crate::cpu::time;
use crate::crates::{Crate, root};

pub(crate) fn run() -> Result<(), BoxError> {
    println!("| | by hand | with this crate | |");
    println!("| --- | --- | --- | --- |");
    for (cryptography, by_hand, declared) in [
        (
            "aws_lc_rs",
            r#"features = ["http2", "rustls", "system-proxy"]"#,
            "",
        ),
        (
            "ring",
            r#"features = ["http2", "rustls-no-provider", "system-proxy"]"#,
            r#", default-features = false, features = ["ring"]"#,
        ),
    ] {
        let by_hand = format!(
            r#"reqwest = {{ version = "0.13", default-features = false, {by_hand} }}
rustls = {{ version = "0.23", default-features = false, features = ["{cryptography}"] }}
{SERDE}"#,
        );
        let declared = format!(
            "graph-action = {{ path = {:?}{declared} }}\n{SERDE}",
            root().join("runtime")
        );
        let by_hand = Crate::library(&format!("by_hand_{cryptography}"), &by_hand, "")?;
        let declared = Crate::library(&format!("with_{cryptography}"), &declared, "")?;
        let (few, many) = (crates(&by_hand)?, crates(&declared)?);
        let added: Vec<&String> = many.difference(&few).collect();
        println!(
            "| crates, {cryptography} | {} | {} | {} more: {added:?} |",
            few.len(),
            many.len(),
            added.len(),
        );
        let (least, ours) = (checked(&by_hand)?, checked(&declared)?);
        let ratio = ours / least;
        println!("| CPU of a check, {cryptography} | {least:.1} s | {ours:.1} s | {ratio:.2} |");
    }
    Ok(())
}

const SERDE: &str = r#"serde = { version = "1", features = ["derive"] }
serde_json = "1"
tokio = { version = "1", features = ["macros", "rt"] }"#;

/// All that a crate is compiled with, each with its version.
fn crates(written: &Crate) -> Result<BTreeSet<String>, BoxError> {
    let output = written
        .cargo("tree")
        .args([
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--edges",
            "normal,build",
        ])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let tree = String::from_utf8(output.stdout)?;
    let crates = tree.lines().filter(|line| !line.is_empty());
    let named = crates.map(|line| {
        line.trim_end_matches(" (*)")
            .trim_end_matches(" (proc-macro)")
    });
    Ok(named.skip(1).map(str::to_owned).collect())
}

/// The CPU time of a check from nothing, in seconds.
fn checked(written: &Crate) -> Result<f64, BoxError> {
    let empty = env::temp_dir().join(format!("graph-action-{}", std::process::id()));
    let time = time(written.cargo("check").env("CARGO_TARGET_DIR", &empty));
    std::fs::remove_dir_all(&empty)?;
    Ok(time?.as_secs_f64())
}
