//! What a declared action adds to a program, beside the same call by hand.
//!
//! `cargo run --release -p graph-action-bench -- size` prints by how many bytes a stripped release build of 400
//! actions is larger than one of 100, for each action.

use std::fs;

use graph_action::BoxError;

use crate::actions::{Way, program};
use crate::crates::built;

const FEW: usize = 100;
const MANY: usize = 400;

pub(crate) fn run() -> Result<(), BoxError> {
    let by_hand = added(Way::Boxed)?;
    println!("| | bytes an action | ratio |");
    println!("| --- | --- | --- |");
    for (name, way) in [
        ("by hand, through a boxed call", Way::Boxed),
        ("by hand, an `async fn`", Way::Async),
        ("declared", Way::Called),
    ] {
        let added = added(way)?;
        println!("| {name} | {added:.0} | {:.2} |", added / by_hand);
    }
    Ok(())
}

/// The bytes that one action adds.
fn added(way: Way) -> Result<f64, BoxError> {
    let difference = size(way, MANY)? - size(way, FEW)?;
    Ok(difference / (MANY - FEW) as f64)
}

fn size(way: Way, count: usize) -> Result<f64, BoxError> {
    let program = program(way, count)?;
    let output = program.cargo("build").arg("--release").output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let name = program.folder.file_name().ok_or("no name")?;
    Ok(fs::metadata(built().join("release").join(name))?.len() as f64)
}
