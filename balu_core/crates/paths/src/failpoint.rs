//! Places where a fault test may end the process or make a step fail; nothing in ordinary builds.

use rustix::io::Errno;

/// Let a fault test act at the step called *name*.
///
/// With the feature `failpoints`, `BALU_FAILPOINT` holds comma separated `name=die` (the process is
/// killed on the spot) and `name=errno:<number>` (the step fails with it).
///
/// # Errors
/// The errno asked for.
#[cfg(feature = "failpoints")]
pub fn failpoint(name: &str) -> Result<(), Errno> {
    let Ok(wanted) = std::env::var("BALU_FAILPOINT") else {
        return Ok(());
    };
    for (point, action) in wanted.split(',').filter_map(|item| item.trim().split_once('=')) {
        if point != name {
            continue;
        }
        if action == "die" {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
        if let Some(number) = action
            .strip_prefix("errno:")
            .and_then(|number| number.parse().ok())
        {
            return Err(Errno::from_raw_os_error(number));
        }
    }
    Ok(())
}

/// Nothing; fault tests build with the feature `failpoints`.
///
/// # Errors
/// Never.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn failpoint(_name: &str) -> Result<(), Errno> {
    Ok(())
}
