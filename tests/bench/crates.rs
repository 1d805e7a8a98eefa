//! Crates that are written to be measured.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate in a folder of its own.
pub(crate) struct Crate {
    pub(crate) folder: PathBuf,
}

impl Crate {
    pub(crate) fn new(
        name: &str,
        dependencies: &str,
        source: &str,
    ) -> Result<Self, Box<dyn Error>> {
        let folder = target().join(name);
        fs::create_dir_all(&folder)?;
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let manifest = format!(
            r#"[package]
name = "{name}"
edition = "2024"

[lib]
path = "lib.rs"

[dependencies]
{dependencies}

[workspace]
"#
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        let written = Self { folder };
        fs::write(written.source(), source)?;
        Ok(written)
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.folder.join("lib.rs")
    }

    /// A command of cargo on it. What they depend on is compiled once for all.
    pub(crate) fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .arg(command)
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", target().join("target"));
        cargo
    }
}

/// Where the crates are.
fn target() -> PathBuf {
    root().join("target/bench")
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
