//! Places where a fault test may end the process or make a step fail; nothing in ordinary builds.

use rustix::io::Errno;

/// Let a fault test act at the step called *name*.
///
/// With the feature `failpoints`, `BALU_FAILPOINT` holds comma separated `step=action`. A step is a name,
/// which acts every time, or `name#3`, which acts the third time this process gets there. Actions are
/// `die` (the process is killed on the spot), `panic`, and `errno:<number>` (the step fails with it).
/// `BALU_FAILPOINTS_MET` names a file that gets a line for every step met.
///
/// # Errors
/// The errno asked for.
///
/// # Panics
/// When asked to.
#[cfg(feature = "failpoints")]
pub fn failpoint(name: &str) -> Result<(), Errno> {
    met(name);
    let Ok(wanted) = std::env::var("BALU_FAILPOINT") else {
        return Ok(());
    };
    let mut time = 0;
    for (point, action) in wanted.split(',').filter_map(|item| item.trim().split_once('=')) {
        let (point, nth) = point.split_once('#').unwrap_or((point, ""));
        if point != name {
            continue;
        }
        if time == 0 {
            time = count(name);
        }
        if !nth.is_empty() && nth.parse() != Ok(time) {
            continue;
        }
        assert!(action != "panic", "asked to panic at {name}");
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

/// How often a step that somebody waits for was met, this time included.
#[cfg(feature = "failpoints")]
fn count(name: &str) -> u64 {
    use std::collections::HashMap;
    use std::sync::{Mutex, PoisonError};
    static MET: Mutex<Option<HashMap<String, u64>>> = Mutex::new(None);
    let mut met = MET.lock().unwrap_or_else(PoisonError::into_inner);
    let times = met.get_or_insert_default().entry(name.to_owned()).or_default();
    *times += 1;
    *times
}

#[cfg(feature = "failpoints")]
fn met(name: &str) {
    use std::io::Write;
    let Some(path) = std::env::var_os("BALU_FAILPOINTS_MET") else {
        return;
    };
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    // One write call for the line, so that lines of several threads do not mix.
    let _ = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
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

/// Whether this build was told to break *promise*: what a suite must find out, or else it proves nothing.
///
/// With the feature `failpoints`, `BALU_BROKEN` names it; ordinary builds keep them all.
#[cfg(feature = "failpoints")]
#[must_use]
pub fn broken(promise: &str) -> bool {
    std::env::var("BALU_BROKEN").is_ok_and(|named| named == promise)
}

/// Never.
#[cfg(not(feature = "failpoints"))]
#[inline]
#[must_use]
pub const fn broken(_promise: &str) -> bool {
    false
}
