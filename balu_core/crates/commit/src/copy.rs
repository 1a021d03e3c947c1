//! Copies into staging: shared blocks where the file system can, then in the kernel, then by hand.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use balu_paths::{
    Entry, Error, Kind, Result, entry_at, failpoint, join, open_dir, open_file, read_dir, remove_tree,
};
use rustix::fs::{
    Mode, OFlags, copy_file_range, fchmod, fstat, fsync, ioctl_ficlone, mkdirat, openat, syncfs,
};
use rustix::io::Errno;

use crate::dress;
use crate::volume::{STAGING, Volume, check_id, sync_dir};

/// Most bytes asked of the kernel in one call, so that a copy stays interruptible.
const PORTION: usize = 64 << 20;

/// From this many files on, one sync of the file system is cheaper than one per file.
const MANY: u64 = 64;

impl Volume {
    /// Copy a file or tree into staging, synced; contents, mode bits and times of files come along, links
    /// and special files do not. Returns the number of files and bytes; nothing stays after a failure.
    ///
    /// # Errors
    /// EEXIST when the id is taken, EXDEV for another mount in the tree, otherwise what the kernel answers.
    pub fn copy(&self, source: &OsStr, id: &str) -> Result<(u64, u64)> {
        let name = check_id(id)?;
        let staging = self.root.private(STAGING)?;
        if entry_at(&staging, name).is_ok() {
            return Err(Error::system(Errno::EXIST, id));
        }
        let (parent, old) = self.root.parent(source)?;
        failpoint("copy")?;
        let outcome = copy_any(&parent, old, &staging, name).map_err(|error| error.about(source));
        if outcome.is_err() {
            // Ours and half made; what cannot be removed is left to collection.
            let _ = remove_tree(&staging, name);
        }
        outcome
    }
}

fn copy_any(from: &OwnedFd, old: &OsStr, to: &OwnedFd, new: &OsStr) -> Result<(u64, u64)> {
    let entry = entry_at(from, old)?;
    match entry.kind {
        Kind::Directory => copy_tree(from, old, to, new),
        Kind::File => {
            let (bytes, file) = transfer(from, old, to, new)?;
            failpoint("fsync")?;
            fsync(&file)?;
            sync_dir(to)?;
            Ok((1, bytes))
        }
        Kind::Symlink => Err(Errno::LOOP.into()),
        Kind::Other => Err(Errno::INVAL.into()),
    }
}

/// Copy one file, synced, its mode and time included.
pub(crate) fn copy_file(from: &OwnedFd, old: &OsStr, to: &OwnedFd, new: &OsStr) -> Result<u64> {
    let (bytes, file) = transfer(from, old, to, new)?;
    fsync(&file)?;
    Ok(bytes)
}

fn copy_tree(from: &OwnedFd, old: &OsStr, to: &OwnedFd, new: &OsStr) -> Result<(u64, u64)> {
    let source = open_dir(from, old)?;
    make_like(to, new, &source)?;
    let target = open_dir(to, new)?;
    let (mut files, mut bytes) = (0, 0);
    let mut pending = vec![std::ffi::OsString::new()];
    let mut unsynced: Vec<OwnedFd> = Vec::new();
    let mut made = Vec::new();
    while let Some(path) = pending.pop() {
        let (here, there) = (open_dir(&source, &path)?, open_dir(&target, &path)?);
        for entry in entries(&here)? {
            match entry.kind {
                Kind::Directory => {
                    let below = join(&path, &entry.name);
                    make_like(&there, &entry.name, &open_dir(&here, &entry.name)?)?;
                    pending.push(below);
                }
                Kind::File => {
                    let (count, file) = transfer(&here, &entry.name, &there, &entry.name)?;
                    files += 1;
                    bytes += count;
                    if files <= MANY {
                        unsynced.push(file);
                    }
                }
                Kind::Symlink | Kind::Other => {}
            }
        }
        made.push(path);
    }
    failpoint("fsync")?;
    if files > MANY {
        drop(unsynced);
        syncfs(&target)?;
    } else {
        unsynced.iter().try_for_each(fsync)?;
        made.iter()
            .rev()
            .try_for_each(|path| sync_dir(open_dir(&target, path)?))?;
    }
    sync_dir(to)?;
    Ok((files, bytes))
}

pub(crate) fn entries(dir: &OwnedFd) -> Result<Vec<Entry>, Errno> {
    let mut entries = Vec::new();
    read_dir(dir, |item| {
        match entry_at(dir, item.name) {
            Ok(entry) => entries.push(entry),
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno),
        }
        Ok(())
    })?;
    Ok(entries)
}

/// Make a directory with the mode of *like*, writable for us while it is filled.
pub(crate) fn make_like(dir: &OwnedFd, name: &OsStr, like: &OwnedFd) -> Result<(), Errno> {
    mkdirat(dir, name, Mode::RWXU)?;
    let mode = Mode::from_raw_mode(fstat(like)?.st_mode & 0o777) | Mode::RWXU;
    fchmod(open_dir(dir, name)?, mode)
}

fn transfer(from: &OwnedFd, old: &OsStr, to: &OwnedFd, new: &OsStr) -> Result<(u64, OwnedFd), Errno> {
    let (source, entry) = open_file(from, old, OFlags::RDONLY)?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let target = openat(to, new, flags, Mode::RUSR | Mode::WUSR)?;
    let bytes = if ioctl_ficlone(&target, &source).is_ok() {
        fstat_size(&target)?
    } else {
        pump(&source, &target)?
    };
    fchmod(&target, Mode::from_raw_mode(fstat(&source)?.st_mode & 0o777))?;
    dress::set_mtime(&target, entry.mtime_ns)?;
    Ok((bytes, target))
}

fn fstat_size(file: &OwnedFd) -> Result<u64, Errno> {
    Ok(u64::try_from(fstat(file)?.st_size).unwrap_or(0))
}

fn pump(source: &OwnedFd, target: &OwnedFd) -> Result<u64, Errno> {
    let mut total = 0;
    loop {
        match copy_file_range(source.as_fd(), None, target.as_fd(), None, PORTION) {
            // Some virtual file systems answer 0 although there is something to read.
            Ok(0) if total == 0 => return pump_by_hand(source, target),
            Ok(0) => return Ok(total),
            Ok(count) => total += count as u64,
            Err(Errno::INTR) => {}
            Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if total == 0 => {
                return pump_by_hand(source, target);
            }
            Err(errno) => return Err(errno),
        }
    }
}

fn pump_by_hand(source: &OwnedFd, target: &OwnedFd) -> Result<u64, Errno> {
    let clone = |fd: &OwnedFd| fd.try_clone().map(File::from);
    let copied = clone(source).and_then(|mut from| std::io::copy(&mut from, &mut clone(target)?));
    copied.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}
