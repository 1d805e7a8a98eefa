//! What declared actions cost the compiler, beside the same by hand.
//!
//! `cargo run --release -p graph-action-bench -- compile` prints the CPU time of cargo on crates of 1 to 4,000
//! actions, after their dependencies; of so many as its arguments say, if there are any.

use std::fs;
use std::time::Duration;

use graph_action::BoxError;

use crate::actions::{Way, library};
use crate::cpu::time;
use crate::crates::Crate;

const COUNTS: [usize; 5] = [1, 10, 100, 1000, 4000];

/// How often each is measured; the least counts, since whatever else the machine does only adds.
const TIMES: usize = 2;

pub(crate) fn run(arguments: &[String]) -> Result<(), BoxError> {
    println!("| | actions | by hand | declared | ratio |");
    println!("| --- | --- | --- | --- | --- |");
    let said: Result<Vec<usize>, _> = arguments.iter().map(|count| count.parse()).collect();
    let counts = match said? {
        said if said.is_empty() => COUNTS.to_vec(),
        said => said,
    };
    for count in counts {
        let derived = library(Way::Derived, count)?;
        let boxed = library(Way::Boxed, count)?;
        let declared = library(Way::Declared, count)?;
        let said = library(Way::Said, count)?;
        let called = library(Way::Called, count)?;
        compare(
            "check, of `derive(Serialize)`",
            count,
            &derived,
            &declared,
            checked,
        )?;
        compare(
            "check with an attribute of serde, of `derive(Serialize)`",
            count,
            &derived,
            &said,
            checked,
        )?;
        compare(
            "check after a change, of `derive(Serialize)`",
            count,
            &derived,
            &declared,
            changed,
        )?;
        compare("check, of a boxed call", count, &boxed, &called, checked)?;
        compare("build, of a boxed call", count, &boxed, &called, built)?;
        if count <= 1000 {
            let by_hand = library(Way::Async, count)?;
            compare("build, of an `async fn`", count, &by_hand, &called, built)?;
        }
    }
    Ok(())
}

type Measure = fn(&Crate) -> Result<Duration, BoxError>;

fn compare(
    what: &str,
    count: usize,
    by_hand: &Crate,
    declared: &Crate,
    measure: Measure,
) -> Result<(), BoxError> {
    let (mut least, mut ours) = (Duration::MAX, Duration::MAX);
    for written in [by_hand, declared] {
        // What they depend on is there from here on.
        measure(written)?;
    }
    // In turns, so that a slow moment of the machine meets both.
    for _ in 0..TIMES {
        least = least.min(measure(by_hand)?);
        ours = ours.min(measure(declared)?);
    }
    let ratio = ours.as_secs_f64() / least.as_secs_f64();
    println!("| {what} | {count} | {least:.2?} | {ours:.2?} | {ratio:.2} |");
    Ok(())
}

fn checked(written: &Crate) -> Result<Duration, BoxError> {
    clean(written, "check")
}

fn built(written: &Crate) -> Result<Duration, BoxError> {
    clean(written, "build")
}

/// The crate alone, without anything of its own at hand.
fn clean(written: &Crate, command: &str) -> Result<Duration, BoxError> {
    let name = written.folder.file_name().and_then(|name| name.to_str());
    time(
        written
            .cargo("clean")
            .args(["--package", name.ok_or("no name")?]),
    )?;
    time(&mut written.cargo(command))
}

/// The crate again, with what the compiler kept of it, after one property of one action has got another name.
fn changed(written: &Crate) -> Result<Duration, BoxError> {
    time(&mut written.cargo("check"))?;
    change(written)?;
    time(&mut written.cargo("check"))
}

/// Gives one property of one action another name.
fn change(written: &Crate) -> Result<(), BoxError> {
    let source = fs::read_to_string(written.source())?;
    let (now, then) = match source.contains("other_name") {
        true => ("other_name", "display_name"),
        false => ("display_name", "other_name"),
    };
    fs::write(written.source(), source.replacen(now, then, 1))?;
    Ok(())
}
