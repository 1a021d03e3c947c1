//! Directories made and names moved.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;

use balu_paths::{Entry, Error, Kind, Result, components, entry_at, failpoint, join, read_dir};
use rustix::fs::{Mode, fstat, mkdirat};
use rustix::io::Errno;

use crate::rename;
use crate::volume::{Volume, sync_dir};

impl Volume {
    /// Make a directory and sync its parent; with *parents* the missing ones too, and one that exists is fine.
    ///
    /// # Errors
    /// EEXIST, ENOENT, ENOTDIR, and refused names.
    pub fn make_dir(&self, path: &OsStr, parents: bool) -> Result<Entry> {
        if !parents {
            return self.make_one(path);
        }
        let parts = components(path)?;
        let mut reached = OsString::new();
        for (place, part) in parts.iter().enumerate() {
            reached = join(&reached, part);
            match self.make_one(&reached) {
                Ok(_) => {}
                Err(error) if error.errno() == Some(Errno::EXIST) => match self.root.stat(&reached)?.kind {
                    Kind::Directory => {}
                    Kind::Symlink => return Err(Error::system(Errno::LOOP, path)),
                    _ if place + 1 < parts.len() => return Err(Error::system(Errno::NOTDIR, path)),
                    _ => return Err(error),
                },
                Err(error) => return Err(error),
            }
        }
        self.root.stat(path)
    }

    /// Rename without replacing and sync both directories.
    ///
    /// # Errors
    /// EEXIST when the target is taken, EINVAL for a directory moved into itself.
    pub fn rename(&self, source: &OsStr, target: &OsStr) -> Result<Entry> {
        let (from, old) = self.root.parent(source)?;
        let (to, new) = self.root.parent(target)?;
        entry_at(&from, old).map_err(|errno| Error::system(errno, source))?;
        failpoint("move")?;
        match rename::noreplace(&from, old, &to, new) {
            Err(Errno::EXIST) if one_name_twice(&from, old, &to, new)? => respell(&from, old, new),
            outcome => outcome,
        }
        .map_err(|errno| Error::system(errno, target))?;
        sync_dir(&to)?;
        sync_dir(&from)?;
        entry_at(&to, new).map_err(|errno| Error::system(errno, target))
    }

    fn make_one(&self, path: &OsStr) -> Result<Entry> {
        let about = |errno| Error::system(errno, path);
        let (parent, name) = self.root.parent(path)?;
        failpoint("make-dir")?;
        mkdirat(&parent, name, Mode::from_raw_mode(0o755)).map_err(about)?;
        sync_dir(&parent)?;
        entry_at(&parent, name).map_err(about)
    }
}

/// Whether a file system that ignores case or normalisation shows one entry under both names. Two hard
/// links have one inode as well, but then the directory lists both.
fn one_name_twice(from: &OwnedFd, old: &OsStr, to: &OwnedFd, new: &OsStr) -> Result<bool, Errno> {
    let (here, there) = (fstat(from)?, fstat(to)?);
    if old == new || here.st_ino != there.st_ino || here.st_dev != there.st_dev {
        return Ok(false);
    }
    if entry_at(from, old)?.ino != entry_at(to, new)?.ino {
        return Ok(false);
    }
    let mut listed = false;
    read_dir(to, |item| {
        listed |= item.name == new;
        Ok::<(), Errno>(())
    })?;
    Ok(!listed)
}

/// Give an entry another spelling of its own name, which the kernel takes for no change at all.
fn respell(dir: &OwnedFd, old: &OsStr, new: &OsStr) -> Result<(), Errno> {
    let between = OsString::from(format!(".balu-rename-{}", entry_at(dir, old)?.ino));
    rename::noreplace(dir, old, dir, &between)?;
    rename::noreplace(dir, &between, dir, new).or_else(|errno| {
        rename::noreplace(dir, &between, dir, old)?;
        Err(errno)
    })
}
