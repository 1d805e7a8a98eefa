//! What declared actions cost, beside the same by hand.
//!
//! `cargo run --release -p graph-action-bench -- <what>`, where what is `cost`, `throughput`, `compile`, `size` or
//! `dependencies`; the file of each says what it prints.

mod actions;
mod by_hand;
mod calls;
mod compile;
mod cost;
mod cpu;
mod crates;
mod dependencies;
mod server;
mod size;
mod throughput;

use std::alloc::System;
use std::env;
use std::process::ExitCode;

use graph_action::BoxError;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<ExitCode, BoxError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (what, arguments) = arguments.split_first().ok_or(USAGE)?;
    match what.as_str() {
        "cost" => return cost::run(arguments),
        "throughput" => throughput::run(arguments)?,
        "compile" => compile::run(arguments)?,
        "size" => size::run()?,
        "dependencies" => dependencies::run()?,
        _ => return Err(USAGE.into()),
    }
    Ok(ExitCode::SUCCESS)
}

const USAGE: &str = "say what: cost, throughput, compile, size or dependencies";
