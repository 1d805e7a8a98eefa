//! Crates that are written to be measured.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use graph_action::BoxError;

/// A crate in a folder of its own.
pub(crate) struct Crate {
    pub(crate) folder: PathBuf,
}

impl Crate {
    pub(crate) fn library(name: &str, dependencies: &str, source: &str) -> Result<Self, BoxError> {
        Self::write(name, "[lib]", dependencies, source)
    }

    pub(crate) fn program(name: &str, dependencies: &str, source: &str) -> Result<Self, BoxError> {
        Self::write(name, "[[bin]]", dependencies, source)
    }

    fn write(name: &str, target: &str, dependencies: &str, source: &str) -> Result<Self, BoxError> {
        let folder = root().join("target/bench").join(name);
        fs::create_dir_all(&folder)?;
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let manifest = format!(
            r#"[package]
name = "{name}"
edition = "2024"

{target}
name = "{name}"
path = "source.rs"

[dependencies]
{dependencies}

[profile.release]
strip = true

[workspace]
"#
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        let written = Self { folder };
        fs::write(written.source(), source)?;
        Ok(written)
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.folder.join("source.rs")
    }

    /// A command of cargo on it. What they depend on is compiled once for all.
    pub(crate) fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .arg(command)
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", built());
        cargo
    }
}

/// Where cargo leaves what it builds.
pub(crate) fn built() -> PathBuf {
    root().join("target/bench/target")
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
