//! What a call costs, in instructions and allocations, beside the same call by hand.
//!
//! `cargo run --release -p graph-action-bench -- cost` prints the table; with `--check` it fails if a
//! declared call costs more than 3 % more, in terms of the same by hand, than in `figures.json`; with `--save` it writes the
//! figures there. Needs valgrind.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use graph_action::BoxError;

use crate::calls::{Graph, Job, Way};
use crate::{ALLOCATOR, server};

/// How many calls are made, and then twice as many: the difference is that of the calls alone.
const CALLS: u64 = 200;

/// By how much a figure may grow.
const TOLERANCE: f64 = 1.03;

type Figures = BTreeMap<String, u64>;

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, BoxError> {
    if let [calls, way, job, count, root] = arguments
        && calls == "calls"
    {
        println!("{}", make(way, job, count.parse()?, root)?);
        return Ok(ExitCode::SUCCESS);
    }
    let root = server::start()?;
    let mut figures = Figures::new();
    for job in Job::ALL {
        for way in Way::ALL {
            let (instructions, allocations) = cost(way, job, &root)?;
            figures.insert(name(job, way, "instructions"), instructions);
            figures.insert(name(job, way, "allocations"), allocations);
        }
    }
    show(&figures);
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("figures.json");
    match arguments.first().map(String::as_str) {
        Some("--save") => fs::write(kept, serde_json::to_string_pretty(&figures)? + "\n")?,
        Some("--check") => return check(&figures, &serde_json::from_slice(&fs::read(kept)?)?),
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// The instructions and allocations of one call.
fn cost(way: Way, job: Job, root: &str) -> Result<(u64, u64), BoxError> {
    let run = |count: u64| -> Result<(u64, u64), BoxError> {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(env::current_exe()?)
            .args([
                "cost",
                "calls",
                way.name(),
                job.name(),
                &count.to_string(),
                root,
            ])
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(said.into());
        }
        let counted = said
            .lines()
            .find_map(|line| line.split_once("Collected : "));
        let (_, instructions) = counted.ok_or("valgrind counted nothing")?;
        let allocations = String::from_utf8(output.stdout)?;
        Ok((instructions.trim().parse()?, allocations.trim().parse()?))
    };
    let (once, twice) = (run(CALLS)?, run(2 * CALLS)?);
    Ok(((twice.0 - once.0) / CALLS, (twice.1 - once.1) / CALLS))
}

/// Makes so many calls, and says how many allocations they took.
#[tokio::main(flavor = "current_thread")]
async fn make(way: &str, job: &str, count: u64, root: &str) -> Result<usize, BoxError> {
    let way = Way::ALL.into_iter().find(|known| known.name() == way);
    let job = Job::ALL.into_iter().find(|known| known.name() == job);
    let (way, job) = way.zip(job).ok_or("no such call")?;
    let graph = Graph::new(way, root).await?;
    // The first one opens the connection.
    graph.call(Job::NoContent).await?;
    let before = ALLOCATOR.stats();
    for _ in 0..count {
        graph.call(job).await?;
    }
    let after = ALLOCATOR.stats();
    let (then, now) = (
        before.allocations + before.reallocations,
        after.allocations + after.reallocations,
    );
    Ok(now - then)
}

fn name(job: Job, way: Way, what: &str) -> String {
    format!("{}, {}, {what}", job.name(), way.name())
}

fn show(figures: &Figures) {
    println!("| | {} |", Way::ALL.map(Way::name).join(" | "));
    println!("| --- | --- | --- | --- |");
    for job in Job::ALL {
        for what in ["instructions", "allocations"] {
            let figure = |way| figures[&name(job, way, what)];
            let plain = figure(Way::Plain);
            let cells = Way::ALL.map(|way| {
                let ratio = figure(way) as f64 / plain as f64;
                format!("{} ({ratio:.2})", figure(way))
            });
            let job = job.name();
            println!("| {what} a call, {job} | {} |", cells.join(" | "));
        }
    }
}

/// Compares what a declared call costs, in terms of the same call by hand, with what it cost: another machine copies
/// memory with other instructions.
fn check(figures: &Figures, kept: &Figures) -> Result<ExitCode, BoxError> {
    let of = |figures: &Figures, name: &str| {
        let figure = figures.get(name).copied();
        figure.ok_or("run it with `--save` first")
    };
    let mut is_kept = true;
    for name in figures.keys().filter(|name| name.contains("declared")) {
        let by_hand = name.replace("declared", "plain");
        let now = of(figures, name)? as f64 / of(figures, &by_hand)? as f64;
        let before = of(kept, name)? as f64 / of(kept, &by_hand)? as f64;
        if now > before * TOLERANCE {
            eprintln!("{name}: {now:.3} of that by hand, and it was {before:.3}");
            is_kept = false;
        }
    }
    Ok(ExitCode::from(u8::from(!is_kept)))
}
