//! What a command takes.

use std::error::Error;
use std::process::Command;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};

/// The CPU time of a command and all that it starts.
pub(crate) fn run(command: &mut Command) -> Result<Duration, Box<dyn Error>> {
    let before = of_children()?;
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(of_children()? - before)
}

fn of_children() -> Result<Duration, Box<dyn Error>> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = |time: TimeVal| time.num_microseconds().try_into();
    Ok(Duration::from_micros(micros(usage.user_time())?)
        + Duration::from_micros(micros(usage.system_time())?))
}
