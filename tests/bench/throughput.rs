//! How many calls a second, beside the same by hand.
//!
//! `cargo run --release -p graph-action-bench -- throughput` makes both jobs, one after another and by 64 callers,
//! in turns with the same by hand, and prints the medians. The server is another process on the same
//! machine.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use graph_action::BoxError;
use tokio::runtime::Builder;

use crate::calls::{Graph, Job, Way};
use crate::server;

/// How often each is measured; the middle counts.
const TURNS: usize = 15;
const CALLS: u32 = 4000;

pub(crate) fn run(arguments: &[String]) -> Result<(), BoxError> {
    if arguments.first().is_some_and(|first| first == "serve") {
        println!("{}", server::start()?);
        loop {
            thread::park();
        }
    }
    let mut server = Command::new(env::current_exe()?)
        .args(["throughput", "serve"])
        .stdout(Stdio::piped())
        .spawn()?;
    let compared = root(&mut server).and_then(|root| compare(root.trim()));
    server.kill()?;
    server.wait()?;
    compared
}

/// Where the server is.
fn root(server: &mut Child) -> Result<String, BoxError> {
    let mut root = String::new();
    let said = server.stdout.take().ok_or("the server says nothing")?;
    BufReader::new(said).read_line(&mut root)?;
    Ok(root)
}

fn compare(root: &str) -> Result<(), BoxError> {
    println!(
        "| calls a second | {} |",
        Way::ALL.map(Way::name).join(" | ")
    );
    println!("| --- | --- | --- | --- |");
    for job in Job::ALL {
        for callers in [1, 64] {
            let mut turns = Vec::new();
            for turn in 0..=TURNS {
                let mut rates = [0.0; Way::ALL.len()];
                // Each is as often the first as the last.
                for place in 0..Way::ALL.len() {
                    let place = (place + turn) % Way::ALL.len();
                    rates[place] = calls_a_second(Way::ALL[place], job, callers, root)?;
                }
                // The first is to warm up.
                if turn > 0 {
                    turns.push(rates);
                }
            }
            let cells = [0, 1, 2].map(|way| {
                let rate = median(turns.iter().map(|rates| rates[way]));
                let ratio = median(turns.iter().map(|rates| rates[way] / rates[0]));
                format!("{rate:.0} ({ratio:.2})")
            });
            println!(
                "| {}, {callers} callers | {} |",
                job.name(),
                cells.join(" | ")
            );
        }
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How many calls a second so many callers make together.
fn calls_a_second(way: Way, job: Job, callers: u32, root: &str) -> Result<f64, BoxError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let graph = Arc::new(Graph::new(way, root).await?);
        let calls = |count: u32| {
            let graph = Arc::clone(&graph);
            async move {
                for _ in 0..count {
                    graph.call(job).await?;
                }
                Ok::<(), BoxError>(())
            }
        };
        // Each opens its connection.
        let all = |count: u32| async move {
            let callers: Vec<_> = (0..callers).map(|_| tokio::spawn(calls(count))).collect();
            for caller in callers {
                caller.await??;
            }
            Ok::<(), BoxError>(())
        };
        all(2).await?;
        let since = Instant::now();
        all(CALLS / callers).await?;
        let made = CALLS / callers * callers;
        Ok(f64::from(made) / since.elapsed().as_secs_f64())
    })
}
