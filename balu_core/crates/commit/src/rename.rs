//! Renames that never replace, with fallbacks for file systems that cannot promise it in one call.

use std::ffi::OsStr;
use std::os::fd::AsFd;

use balu_paths::{Kind, broken, entry_at, failpoint};
use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, linkat, mkdirat, openat, renameat, renameat_with, unlinkat,
};
use rustix::io::Errno;

/// Whether *errno* means that the file system lacks a rename flag; EINVAL has other meanings too.
pub(crate) fn lacks_flag(errno: Errno) -> bool {
    matches!(errno, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}

/// Rename without replacing.
///
/// # Errors
/// EEXIST when the new name is taken.
pub(crate) fn noreplace(from: impl AsFd, old: &OsStr, to: impl AsFd, new: &OsStr) -> Result<(), Errno> {
    let (from, to) = (from.as_fd(), to.as_fd());
    if broken("rename") {
        // As a copy does: the name is there before what it is to show.
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        drop(openat(to, new, flags, Mode::RUSR | Mode::WUSR)?);
        failpoint("half-renamed")?;
        return renameat(from, old, to, new);
    }
    let outcome =
        failpoint("noreplace").and_then(|()| renameat_with(from, old, to, new, RenameFlags::NOREPLACE));
    match outcome {
        Err(errno) if lacks_flag(errno) => {}
        other => return other,
    }
    match entry_at(to, new) {
        Ok(_) => return Err(Errno::EXIST),
        Err(Errno::NOENT) => {}
        Err(errno) => return Err(errno),
    }
    if entry_at(from, old)?.kind == Kind::Directory {
        // A directory may be renamed over an empty one, so making it claims the name.
        mkdirat(to, new, Mode::RWXU)?;
        return renameat(from, old, to, new).inspect_err(|_| _ = unlinkat(to, new, AtFlags::REMOVEDIR));
    }
    match linkat(from, old, to, new, AtFlags::empty()) {
        Ok(()) => {
            failpoint("linked")?;
            unlinkat(from, old, AtFlags::empty())
        }
        Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => {
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
            drop(openat(to, new, flags, Mode::RUSR | Mode::WUSR)?);
            renameat(from, old, to, new).inspect_err(|_| _ = unlinkat(to, new, AtFlags::empty()))
        }
        Err(errno) => Err(errno),
    }
}

/// Let two names trade what they hold.
///
/// # Errors
/// EINVAL, ENOSYS or EOPNOTSUPP where the file system cannot.
pub(crate) fn exchange(from: impl AsFd, old: &OsStr, to: impl AsFd, new: &OsStr) -> Result<(), Errno> {
    failpoint("exchange")?;
    renameat_with(from, old, to, new, RenameFlags::EXCHANGE)
}
