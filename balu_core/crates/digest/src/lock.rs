//! One writer for a range of a staged file.

use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc::{F_UNLCK, F_WRLCK, SEEK_SET, flock};
use rustix::io::Errno;

/// Keep other parts out, of this process and any other, until `unlock` or the descriptor is gone.
///
/// # Errors
/// EAGAIN while somebody else is there; EFBIG.
pub fn lock_range(file: &OwnedFd, offset: u64, length: Option<u64>) -> Result<(), Errno> {
    set(file, F_WRLCK, offset, length)
}

/// Let others in again; for a descriptor that may live on for longer than its writer.
pub fn unlock(file: &OwnedFd) {
    // It cannot fail for a descriptor that is open, and a lock that stays ends with it.
    let _ = set(file, F_UNLCK, 0, None);
}

fn set(file: &OwnedFd, kind: i32, offset: u64, length: Option<u64>) -> Result<(), Errno> {
    #[allow(clippy::cast_possible_truncation)] // the constants are smaller than their type
    let range = flock {
        l_type: kind as i16,
        l_whence: SEEK_SET as i16,
        l_start: i64::try_from(offset).map_err(|_| Errno::FBIG)?,
        l_len: i64::try_from(length.unwrap_or(0)).map_err(|_| Errno::FBIG)?,
        l_pid: 0,
    };
    match fcntl(file.as_fd(), FcntlArg::F_OFD_SETLK(&range)) {
        Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EACCES) => Err(Errno::AGAIN),
        // A file system without locks has no second machine that writes here either.
        _ => Ok(()),
    }
}
