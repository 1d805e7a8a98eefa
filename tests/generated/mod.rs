//! Crates that the tests generate from the service's own data, compile and run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use graph_action_tests::skipped;
use serde_json::Value;

/// Reads a file of the service's data; says so where it is not at hand.
pub(crate) fn data(name: &str) -> Option<String> {
    let Some(folder) = env::var_os("GRAPH_DATA") else {
        skipped(&format!(
            "GRAPH_DATA is not set: nothing is compared with {name}"
        ));
        return None;
    };
    // Cargo runs a test in the folder of its package, and GRAPH_DATA is named from the root.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Some(fs::read_to_string(root.join(folder).join(name)).unwrap())
}

/// Compiles a program and runs it; each line that it prints is JSON.
pub(crate) fn run(name: &str, source: &str) -> Vec<Value> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    let manifest = format!(
        r#"
[package]
name = "{name}"
edition = "2024"

[[bin]]
name = "{name}"
path = "main.rs"

[dependencies]
graph-action-tests = {{ path = {tests:?} }}
graph-action = {{ path = {runtime:?}, features = ["time"] }}
serde = {{ version = "1", features = ["derive"] }}
serde_json = {{ version = "1", features = ["preserve_order"] }}
time = {{ version = "0.3", features = ["macros"] }}
tokio = {{ version = "1", features = ["rt"] }}
uuid = {{ version = "1", features = ["serde"] }}

[profile.dev]
debug = false

[workspace]
"#,
        runtime = tests.join("../runtime"),
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("main.rs"), source).unwrap();
    fs::copy(tests.join("../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let cargo = env::var_os("CARGO").expect("cargo runs the tests");
    let output = Command::new(cargo)
        .args(["run", "--quiet"])
        .current_dir(&folder)
        // One for both, so that what they depend on is compiled once.
        .env("CARGO_TARGET_DIR", folder.join("../target"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}",
        errors.chars().take(20_000).collect::<String>()
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A name of the service as a Rust field is named: `tokenValidityInSeconds`, `@odata.type`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::new();
    for char in name.chars() {
        if char.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        if char.is_ascii_alphanumeric() {
            snake.push(char.to_ascii_lowercase());
        } else if !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
    }
    if snake.starts_with(|first: char| first.is_ascii_digit()) {
        snake.insert(0, '_');
    }
    snake
}

/// The name under which serde sends a field with no other said: `tokenValidityInSeconds`.
pub(crate) fn camel(snake: &str) -> String {
    let mut camel = String::new();
    let mut is_start = false;
    for char in snake.chars() {
        match char {
            '_' => is_start = true,
            _ if is_start && !camel.is_empty() => {
                camel.push(char.to_ascii_uppercase());
                is_start = false;
            }
            _ => {
                camel.push(char);
                is_start = false;
            }
        }
    }
    camel
}

/// A field's name as it stands in the source: a keyword is written raw.
pub(crate) fn ident(name: &str) -> String {
    match name {
        "type" | "ref" | "match" | "move" | "in" | "for" | "use" | "where" | "enum" | "struct" => {
            format!("r#{name}")
        }
        _ => name.to_owned(),
    }
}

/// A field with the name that the service gives its property.
pub(crate) fn property(name: &str, ty: &str) -> String {
    let field = snake(name);
    let rename = if camel(&field) == name {
        String::new()
    } else {
        format!("#[serde(rename = {name:?})] ")
    };
    format!("        {rename}pub {}: {ty},\n", ident(&field))
}
