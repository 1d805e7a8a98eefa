//! What a command takes.

use std::process::Command;
use std::time::Duration;

use graph_action::BoxError;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};

/// The CPU time of a command and all that it starts.
pub(crate) fn time(command: &mut Command) -> Result<Duration, BoxError> {
    let before = of_children()?;
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(of_children()? - before)
}

fn of_children() -> Result<Duration, BoxError> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = |time: TimeVal| time.num_microseconds().try_into();
    Ok(Duration::from_micros(micros(usage.user_time())?)
        + Duration::from_micros(micros(usage.system_time())?))
}
