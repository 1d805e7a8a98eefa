//! What a call costs, in instructions and allocations, beside the same call by hand.
//!
//! `cargo run --release -p graph-action-bench --bin cost` prints the table; with `--check` it fails if a figure
//! has grown by more than 3 % since the one in `figures.json`, with `--save` it writes them there. Needs valgrind.

mod by_hand;
mod calls;

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::thread;

/// How many calls are made, and then twice as many: the difference is that of the calls alone.
const CALLS: u64 = 200;

const WAYS: [&str; 3] = ["plain", "direct", "declared"];
const JOBS: [(&str, &str); 2] = [("no_content", "204"), ("ids", "100 ids")];

/// By how much a figure may grow.
const TOLERANCE: f64 = 1.03;

type Figures = BTreeMap<String, u64>;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [calls, way, job, count, root] = &*arguments
        && calls == "calls"
    {
        println!("{}", calls::make(way, job, count.parse()?, root)?);
        return Ok(ExitCode::SUCCESS);
    }
    let root = serve()?;
    let mut figures = Figures::new();
    for (job, _) in JOBS {
        for way in WAYS {
            let (instructions, allocations) = cost(way, job, &root)?;
            figures.insert(format!("{job} {way} instructions"), instructions);
            figures.insert(format!("{job} {way} allocations"), allocations);
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
fn cost(way: &str, job: &str, root: &str) -> Result<(u64, u64), Box<dyn Error>> {
    let run = |count: u64| -> Result<(u64, u64), Box<dyn Error>> {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(env::current_exe()?)
            .args(["calls", way, job, &count.to_string(), root])
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

fn show(figures: &Figures) {
    println!("| | {} |", WAYS.join(" | "));
    println!("| --- | --- | --- | --- |");
    for (job, name) in JOBS {
        for what in ["instructions", "allocations"] {
            let figure = |way: &str| figures[&format!("{job} {way} {what}")];
            let plain = figure("plain");
            let cells = WAYS.map(|way| {
                let ratio = figure(way) as f64 / plain as f64;
                format!("{} ({ratio:.2})", figure(way))
            });
            println!("| {what} a call, {name} | {} |", cells.join(" | "));
        }
    }
}

/// Compares what a declared call costs, in terms of the same call by hand, with what it cost: another machine copies
/// memory with other instructions.
fn check(figures: &Figures, kept: &Figures) -> Result<ExitCode, Box<dyn Error>> {
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

/// A server that answers the token request and both calls, each connection for as long as it lasts.
fn serve() -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let root = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    Ok(root)
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let json = |body: String| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: {ID}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let token = json(format!(
        r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{}"}}"#,
        "x".repeat(1500)
    ));
    let ids: Vec<String> = (0..100)
        .map(|id| format!("\"{id:08}-b238-4510-8f98-8659e9b00d4c\""))
        .collect();
    let ids = json(format!(
        r#"{{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#Collection(Edm.String)","value":[{}]}}"#,
        ids.join(",")
    ));
    let done = format!("HTTP/1.1 204 No Content\r\nrequest-id: {ID}\r\n\r\n");
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                let line = head.lines().next().unwrap_or_default();
                stream.write_all(match line {
                    _ if line.contains("/oauth2/") => token.as_bytes(),
                    _ if line.contains("/getMemberGroups") => ids.as_bytes(),
                    _ => done.as_bytes(),
                })?;
                bytes.clear();
                continue;
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

const ID: &str = "79146062-b238-4510-8f98-8659e9b00d4c";
