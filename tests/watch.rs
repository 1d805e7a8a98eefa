//! Watches over secrets: whatever a crate logs while a test runs, and whatever an error shows.

use std::error::Error as _;
use std::io;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use graph_action::Error;
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

/// In secrets, tokens, bodies and answers that are not read; nothing else may hold it.
pub const CANARY: &str = "canary";

/// How the payload of a signed token begins, `{"`, whoever signed it.
const TOKEN: &str = "eyJ";

static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Watches every line that any crate logs from now on, at TRACE: one with a secret in it ends the tests.
pub fn watch() {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_span_events(FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(|| Watch)
            .init();
    });
}

/// Watches for another secret too.
pub fn secret(text: impl Into<String>) {
    watch();
    locked(&SECRETS).push(text.into());
}

/// The secret in a text, if there is one.
fn found(text: &str) -> Option<String> {
    let secrets = locked(&SECRETS);
    let known = [CANARY, TOKEN]
        .into_iter()
        .chain(secrets.iter().map(String::as_str));
    known
        .into_iter()
        .find(|secret| text.contains(secret))
        .map(str::to_owned)
}

struct Watch;

impl io::Write for Watch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        if let Some(secret) = found(&line) {
            // A panic here would be that of a task which nobody looks at.
            eprintln!("the log holds the secret {secret:?}: {line}");
            process::abort();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Asserts that an error holds no secret, in whatever way it is shown, and gives it back as all it says.
///
/// # Panics
///
/// When it does.
pub fn discreet(error: &Error) -> String {
    let mut said = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        said.push_str(&format!("{cause} {cause:?}"));
        source = cause.source();
    }
    assert_eq!(found(&said), None, "{said}");
    assert!(!error.to_string().contains(char::is_control), "{said}");
    said
}

/// What is logged, as text.
#[derive(Debug, Clone, Default)]
pub struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    /// What was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&locked(&self.0)).into_owned()
    }
}

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        locked(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logs {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
