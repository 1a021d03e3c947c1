//! Whole trees, by descriptor, however deep.

use std::ffi::{OsStr, OsString};
use std::os::fd::AsFd;

use balu_paths::{Entry, Error, Kind, PRIVATE, Result, Root, entry_at, entry_of, join, open_dir, read_dir};
use rustix::fs::{Advice, fadvise};
use rustix::io::{Errno, pread};

/// Bytes read at once while hashing; measured faster than smaller portions.
const PORTION: usize = 1 << 20;

/// What a tree amounts to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Regular files.
    pub files: u64,
    /// Directories, the top one not counted.
    pub directories: u64,
    /// Bytes in the files.
    pub bytes: u64,
}

/// Every entry below *path* with its path relative to *path*, parents before children.
///
/// Other mounts are listed and not entered; what vanishes meanwhile is left out. The volume's private
/// folder is not part of the root.
///
/// # Errors
/// A refused name, or what the kernel answers; a walk that fails is never a short one.
pub fn walk(root: &Root, path: &OsStr) -> Result<Vec<(OsString, Entry)>> {
    let mut found = Vec::new();
    visit(root, path, |path, entry| found.push((path, entry)))?;
    Ok(found)
}

/// Files, directories and bytes below *path*; a file is (1, 0, its size).
///
/// # Errors
/// As for [`walk`].
pub fn measure(root: &Root, path: &OsStr) -> Result<Measure> {
    let entry = root.stat(path)?;
    let mut sum = Measure::default();
    let mut count = |entry: &Entry| match entry.kind {
        Kind::File => {
            sum.files += 1;
            sum.bytes += entry.size;
        }
        Kind::Directory => sum.directories += 1,
        Kind::Symlink | Kind::Other => {}
    };
    if entry.kind == Kind::Directory {
        visit(root, path, |_, entry| count(&entry))?;
    } else {
        count(&entry);
    }
    Ok(sum)
}

/// Read the file at *path* and return it with its BLAKE3 in hex.
///
/// # Errors
/// `Stale` when the file changed while it was read, otherwise what the kernel answers.
pub fn hash(root: &Root, path: &OsStr) -> Result<(Entry, String)> {
    let about = |errno| Error::system(errno, path);
    let (file, before) = root.file(path)?;
    // Advice may be refused; reading works without it.
    let _ = fadvise(&file, 0, None, Advice::Sequential);
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; PORTION];
    let mut offset = 0;
    loop {
        match pread(&file, &mut buffer, offset) {
            Ok(0) => break,
            Ok(count) => {
                hasher.update(&buffer[..count]);
                offset += count as u64;
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(about(errno)),
        }
    }
    let after = entry_of(&file, before.name.clone()).map_err(about)?;
    if after != before || offset != after.size {
        return Err(about(Errno::STALE));
    }
    Ok((after, hasher.finalize().to_hex().to_string()))
}

fn visit(root: &Root, path: &OsStr, mut each: impl FnMut(OsString, Entry)) -> Result<()> {
    let top = root.dir(path)?;
    let mut pending = vec![OsString::new()];
    while let Some(below) = pending.pop() {
        let about = |errno| Error::system(errno, join(path, &below));
        let dir = match open_dir(&top, &below) {
            // Gone, replaced, or another mount: nothing below it belongs to this tree.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) if !below.is_empty() => continue,
            outcome => outcome.map_err(about)?,
        };
        let hide = path.is_empty() && below.is_empty();
        read_dir(&dir, |item| {
            if hide && item.name == PRIVATE {
                return Ok(());
            }
            let entry = match entry_at(dir.as_fd(), item.name) {
                Err(Errno::NOENT) => return Ok(()),
                outcome => outcome?,
            };
            let inside = join(&below, item.name);
            if entry.kind == Kind::Directory {
                pending.push(inside.clone());
            }
            each(inside, entry);
            Ok(())
        })
        .map_err(about)?;
    }
    Ok(())
}
