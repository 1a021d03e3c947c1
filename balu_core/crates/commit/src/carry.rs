//! Copies from another volume into staging, hashed while they are read and read back once they are synced.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use balu_paths::{Entry, Error, Kind, Result, entry_at, failpoint, join, open_dir, open_file, remove_tree};
use rustix::fs::{
    Advice, Mode, OFlags, fadvise, fchmod, fstat, fsync, openat, readlinkat, symlinkat, syncfs,
};
use rustix::io::Errno;

use crate::copy::{entries, make_like};
use crate::dress;
use crate::volume::{STAGING, Volume, check_id, sync_dir};

const PORTION: usize = 1 << 20;

/// How far a copy is, for whoever watches it, and whether it should go on.
#[derive(Debug, Default)]
pub struct Progress {
    bytes: AtomicU64,
    stopped: AtomicBool,
}

impl Progress {
    /// Bytes handled so far; every byte counts twice, when it is copied and when it is read back.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Ask the copy to end.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn add(&self, count: usize) -> Result<(), Errno> {
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        if self.stopped.load(Ordering::Relaxed) {
            return Err(Errno::CANCELED);
        }
        Ok(())
    }
}

/// One entry of the source as it was when it was copied.
#[derive(Clone, Debug)]
pub struct Carried {
    /// Relative to what was copied, empty for itself.
    pub path: OsString,
    /// What stood there.
    pub entry: Entry,
    /// BLAKE3 in hex, for files.
    pub blake3: Option<String>,
}

impl Volume {
    /// Copy a file or tree of *from* into staging, synced and compared; links come along as links, and
    /// modes and times of files too. Returns what was copied, parents first; nothing stays after a failure.
    ///
    /// # Errors
    /// EEXIST when the id is taken, EINVAL for what has no contents, CANCELED when it was stopped, IO when
    /// the bytes that arrived are not those that were read, `Stale` when a file changed meanwhile.
    pub fn carry(&self, from: &Self, source: &OsStr, id: &str, progress: &Progress) -> Result<Vec<Carried>> {
        let name = check_id(id)?;
        let staging = self.root.private(STAGING)?;
        if entry_at(&staging, name).is_ok() {
            return Err(Error::system(Errno::EXIST, id));
        }
        let (parent, old) = from.root.parent(source)?;
        failpoint("carry")?;
        let mut carried = Vec::new();
        let outcome = bring(&parent, old, &staging, name, progress, &mut carried)
            .and_then(|()| prove(&staging, name, &carried, progress));
        if let Err(error) = outcome {
            // Ours and half made; what cannot be removed is left to collection.
            let _ = remove_tree(&staging, name);
            return Err(error.about(source));
        }
        Ok(carried)
    }

    /// Everything below a deleted thing, as [`balu_paths::Root`] for a walk; the thing itself is `item`.
    ///
    /// # Errors
    /// ENOENT when it is gone.
    pub fn trashed_root(&self, id: &str) -> Result<balu_paths::Root> {
        check_id(id)?;
        self.root.enter(&format!("{}/{id}", crate::volume::TRASH))
    }
}

fn bring(
    from: &OwnedFd,
    old: &OsStr,
    to: &OwnedFd,
    new: &OsStr,
    progress: &Progress,
    carried: &mut Vec<Carried>,
) -> Result<()> {
    let top = entry_at(from, old)?;
    match top.kind {
        Kind::File => {
            let blake3 = Some(pump(from, &top, to, new, progress)?);
            carried.push(Carried {
                path: OsString::new(),
                entry: top,
                blake3,
            });
        }
        Kind::Directory => bring_tree(from, &top, to, new, progress, carried)?,
        Kind::Symlink => return Err(Errno::LOOP.into()),
        Kind::Other => return Err(Errno::INVAL.into()),
    }
    failpoint("fsync")?;
    syncfs(to)?;
    sync_dir(to)
}

fn bring_tree(
    from: &OwnedFd,
    top: &Entry,
    to: &OwnedFd,
    new: &OsStr,
    progress: &Progress,
    carried: &mut Vec<Carried>,
) -> Result<()> {
    let source = open_dir(from, &top.name)?;
    make_like(to, new, &source)?;
    let target = open_dir(to, new)?;
    carried.push(Carried {
        path: OsString::new(),
        entry: top.clone(),
        blake3: None,
    });
    let mut pending = vec![OsString::new()];
    while let Some(path) = pending.pop() {
        let (here, there) = (open_dir(&source, &path)?, open_dir(&target, &path)?);
        for entry in entries(&here)? {
            let inside = join(&path, &entry.name);
            let about = |errno| Error::system(errno, inside.clone());
            let mut blake3 = None;
            match entry.kind {
                Kind::Directory => {
                    make_like(&there, &entry.name, &open_dir(&here, &entry.name)?).map_err(about)?;
                    pending.push(inside.clone());
                }
                Kind::File => blake3 = Some(pump(&here, &entry, &there, &entry.name, progress)?),
                Kind::Symlink => {
                    let leads = readlinkat(&here, entry.name.as_os_str(), Vec::new()).map_err(about)?;
                    symlinkat(leads, &there, entry.name.as_os_str()).map_err(about)?;
                }
                Kind::Other => return Err(about(Errno::INVAL)),
            }
            carried.push(Carried {
                path: inside,
                entry,
                blake3,
            });
        }
    }
    Ok(())
}

/// Copy one file and return its BLAKE3; blocks of zeros become holes.
fn pump(from: &OwnedFd, entry: &Entry, to: &OwnedFd, new: &OsStr, progress: &Progress) -> Result<String> {
    let (source, before) = open_file(from, &entry.name, OFlags::RDONLY)?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let target = openat(to, new, flags, Mode::RUSR | Mode::WUSR)?;
    // Advice may be refused; reading works without it.
    let _ = fadvise(&source, 0, None, Advice::Sequential);
    let mode = fstat(&source)?.st_mode & 0o777;
    let (mut reader, mut writer) = (File::from(source), File::from(target));
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; PORTION];
    let mut length = 0;
    loop {
        let count = reader.read(&mut buffer).map_err(told)?;
        if count == 0 {
            break;
        }
        let part = &buffer[..count];
        hasher.update(part);
        if part.iter().all(|byte| *byte == 0) {
            writer
                .seek(SeekFrom::Current(i64::try_from(count).unwrap_or(0)))
                .map_err(told)?;
        } else {
            writer.write_all(part).map_err(told)?;
        }
        length += count as u64;
        progress.add(count)?;
    }
    writer.set_len(length).map_err(told)?;
    let after = balu_paths::entry_of(&reader, before.name.clone())?;
    if after != before || length != after.size {
        return Err(Error::Stale {
            path: entry.name.clone(),
        });
    }
    let target = OwnedFd::from(writer);
    fchmod(&target, Mode::from_raw_mode(mode))?;
    dress::set_mtime(&target, before.mtime_ns)?;
    fsync_small(&target, length)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// A large file is synced alone, so that its error is not lost among those of others.
fn fsync_small(target: &OwnedFd, length: u64) -> Result<(), Errno> {
    if length < PORTION as u64 {
        Ok(())
    } else {
        fsync(target)
    }
}

/// Read every copied file back, past the page cache where the system allows it.
fn prove(staging: &OwnedFd, name: &OsStr, carried: &[Carried], progress: &Progress) -> Result<()> {
    for one in carried {
        let Some(expected) = &one.blake3 else { continue };
        let (dir, file) = if one.path.is_empty() {
            (staging.try_clone().map_err(told)?, name.to_owned())
        } else {
            let within = join(name, &one.path);
            let path = std::path::Path::new(&within);
            let above = path.parent().unwrap_or(std::path::Path::new(""));
            (
                open_dir(staging, above.as_os_str())?,
                path.file_name().unwrap_or_default().to_owned(),
            )
        };
        let (found, _) = open_file(&dir, &file, OFlags::RDONLY)?;
        let _ = fadvise(&found, 0, None, Advice::DontNeed);
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; PORTION];
        let mut reader = File::from(found);
        loop {
            let count = reader.read(&mut buffer).map_err(told)?;
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
            progress.add(count)?;
        }
        if hasher.finalize().to_hex().as_str() != expected {
            return Err(Error::system(Errno::IO, one.path.clone()));
        }
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands it over")]
fn told(error: std::io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}
