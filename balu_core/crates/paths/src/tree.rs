//! Reading and removing directories by descriptor.

use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Mode, RawDir, fchmod, fstat, unlinkat};
use rustix::io::Errno;

use crate::entry::{Kind, entry_at};
use crate::name::join;
use crate::root::open_dir;

/// One name as getdents tells it.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The name.
    pub name: &'a OsStr,
    /// What it is, where the file system says so in the directory itself.
    pub kind: Option<Kind>,
}

/// Hand every name of the open directory *dir* to *each*, without `.` and `..`, in disk order.
///
/// # Errors
/// What getdents answers, or what *each* returns; a listing that fails is never a short listing.
pub fn read_dir<E: From<Errno>>(
    dir: impl AsFd,
    mut each: impl FnMut(Item<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut buffer = Vec::with_capacity(64 * 1024);
    buffer.resize(64 * 1024, MaybeUninit::uninit());
    let mut entries = RawDir::new(dir, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let kind = match entry.file_type() {
            rustix::fs::FileType::Unknown => None,
            known => Some(Kind::from(known)),
        };
        each(Item { name, kind })?;
    }
    Ok(())
}

/// Remove *name* in *dir* with everything below it; returns the bytes of the files whose last name went.
///
/// Works by descriptor, never follows a link and never enters another mount. What is already gone is
/// no error, so that an interrupted removal can be repeated.
///
/// # Errors
/// What the kernel answers; what was removed until then stays removed.
pub fn remove_tree(dir: impl AsFd, name: &OsStr) -> Result<u64, Errno> {
    let dir = dir.as_fd();
    let entry = match entry_at(dir, name) {
        Err(Errno::NOENT) => return Ok(0),
        outcome => outcome?,
    };
    if entry.kind != Kind::Directory {
        return remove_file(dir, name);
    }
    // Parents come before children here, so the directories are removed from the end.
    let mut found = vec![name.to_owned()];
    let mut freed = 0;
    let mut next = 0;
    while next < found.len() {
        freed += empty(dir, next, &mut found)?;
        next += 1;
    }
    for path in found.iter().rev() {
        let (parent, last) = split(path);
        let parent = match open_dir(dir, parent) {
            Err(Errno::NOENT) => continue,
            outcome => outcome?,
        };
        gone(unlinkat(&parent, last, AtFlags::REMOVEDIR))?;
    }
    Ok(freed)
}

/// Remove the files of one directory and note the directories in it.
fn empty(base: impl AsFd, index: usize, found: &mut Vec<OsString>) -> Result<u64, Errno> {
    let path = found[index].clone();
    let dir = match open_dir(base, &path) {
        Err(Errno::NOENT) => return Ok(0),
        outcome => outcome?,
    };
    // Names cannot be taken out of a directory its owner may not write to; failing shows at the first name.
    let mode = fstat(&dir)?.st_mode;
    if mode & 0o700 != 0o700 {
        let _ = fchmod(&dir, Mode::from_raw_mode(mode & 0o7777) | Mode::RWXU);
    }
    let mut files = Vec::new();
    read_dir(&dir, |item| {
        let kind = match item.kind {
            Some(kind) => kind,
            None => entry_at(&dir, item.name)?.kind,
        };
        if kind == Kind::Directory {
            found.push(join(&path, item.name));
        } else {
            files.push(item.name.to_owned());
        }
        Ok::<(), Errno>(())
    })?;
    files
        .iter()
        .try_fold(0, |freed, name| Ok(freed + remove_file(&dir, name)?))
}

fn remove_file(dir: impl AsFd, name: &OsStr) -> Result<u64, Errno> {
    let stat = match rustix::fs::statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(0),
        outcome => outcome?,
    };
    gone(unlinkat(&dir, name, AtFlags::empty()))?;
    let is_file = rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file();
    Ok(if is_file && stat.st_nlink == 1 {
        u64::try_from(stat.st_size).unwrap_or(0)
    } else {
        0
    })
}

fn gone(outcome: Result<(), Errno>) -> Result<(), Errno> {
    match outcome {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}

fn split(path: &OsStr) -> (&OsStr, &OsStr) {
    let bytes = path.as_bytes();
    match bytes.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (
            OsStr::from_bytes(&bytes[..at]),
            OsStr::from_bytes(&bytes[at + 1..]),
        ),
        None => (OsStr::new(""), path),
    }
}
