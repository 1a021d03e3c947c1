//! Many small files at once: staged one after the other, synced together, named with one sync a directory.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use balu_paths::{Entry, Error, Result, components, entry_at, entry_of, failpoint, open_file};
use balu_vault::Keys;
use rustix::fs::{Mode, OFlags, fsync, openat, syncfs};
use rustix::io::{Errno, write};

use crate::dress;
use crate::rename::noreplace;
use crate::volume::{STAGING, Volume, check_id, sync_dir};

/// Threads that wait for the disk at once.
const POOL: usize = 32;

/// From this many files on, one sync of the whole file system is cheaper than one for each of them ...
const MANY: usize = 64;

/// ... as long as not much else waits to be written.
const DIRTY_MAX: u64 = 96 << 20;

/// One new name.
#[derive(Clone, Debug)]
pub struct Naming {
    /// What is staged.
    pub id: String,
    /// The name it gets, which must be free.
    pub target: OsString,
    /// Time of last change to set.
    pub mtime_ns: Option<i64>,
}

impl Volume {
    /// Write staged files whose bytes lie back to back in *data*, encrypted with *keys*; nothing is synced.
    ///
    /// # Errors
    /// The first one; files made before it stay in staging. EINVAL when *data* is too short.
    pub fn stage_many(
        &self,
        pieces: &[(String, usize)],
        data: &[u8],
        keys: Option<&Keys>,
    ) -> Result<Vec<(Entry, String)>> {
        let staging = self.root.private(STAGING)?;
        let mut rest = data;
        let mut staged = Vec::with_capacity(pieces.len());
        for (id, length) in pieces {
            let about = |errno| Error::system(errno, id);
            let (bytes, after) = rest
                .split_at_checked(*length)
                .ok_or_else(|| about(Errno::INVAL))?;
            rest = after;
            let blake3 = blake3::hash(bytes);
            let entry = match keys {
                None => write_new(&staging, check_id(id)?, bytes),
                Some(keys) => keys
                    .seal(bytes, blake3.as_bytes())
                    .map_err(balu_digest::errno_of)
                    .and_then(|sealed| write_new(&staging, check_id(id).map_err(|_| Errno::INVAL)?, &sealed)),
            };
            staged.push((entry.map_err(about)?, blake3.to_hex().to_string()));
        }
        Ok(staged)
    }

    /// Make the bytes of staged files durable.
    ///
    /// # Errors
    /// When any of them could not be written: then all must be given up, because a second sync of the
    /// same bytes may report success although they are lost.
    pub fn sync_many(&self, ids: &[String]) -> Result<()> {
        let staging = self.root.private(STAGING)?;
        failpoint("fsync-many")?;
        if ids.len() >= MANY && little_is_dirty() {
            return Ok(syncfs(&staging)?);
        }
        let sync = |id: &String| -> Result<()> {
            let (file, _) = open_file(&staging, check_id(id)?, OFlags::RDONLY)?;
            fsync(&file).map_err(|errno| Error::system(errno, id))
        };
        in_parallel(ids, sync).into_iter().collect()
    }

    /// Give staged files new names and sync each directory once.
    ///
    /// Each outcome stands for itself: EEXIST when the name is taken, and then the file is still staged.
    /// After an error of a directory's sync nobody knows; every name in it reports that error.
    ///
    /// # Errors
    /// When staging cannot be reached; nothing was changed.
    pub fn publish_many(&self, names: &[Naming]) -> Result<Vec<Result<Entry>>> {
        let staging = self.root.private(STAGING)?;
        let mut dirs: HashMap<&OsStr, Result<Dir>> = HashMap::new();
        let mut outcomes = Vec::with_capacity(names.len());
        for naming in names {
            let dir = dirs
                .entry(above(&naming.target))
                .or_insert_with(|| self.root.parent(&naming.target).map(|(fd, _)| Dir::new(fd)));
            outcomes.push(match dir {
                Ok(dir) => dir.show(&staging, naming),
                Err(error) => Err(copy_of(error)),
            });
        }
        let touched: Vec<(&OsStr, &Dir)> = dirs
            .iter()
            .filter_map(|(path, dir)| dir.as_ref().ok().map(|dir| (*path, dir)))
            .filter(|(_, dir)| dir.touched)
            .collect();
        let synced = in_parallel(&touched, |(_, dir)| sync_dir(&dir.fd));
        for ((path, _), outcome) in touched.iter().zip(synced) {
            let Err(error) = outcome else { continue };
            for (naming, outcome) in names.iter().zip(&mut outcomes) {
                if outcome.is_ok() && above(&naming.target) == *path {
                    *outcome = Err(copy_of(&error));
                }
            }
        }
        Ok(outcomes)
    }
}

/// A directory that gets names.
struct Dir {
    fd: OwnedFd,
    keeps_order: bool,
    touched: bool,
}

impl Dir {
    fn new(fd: OwnedFd) -> Self {
        let keeps_order = dress::journal_keeps_order(&fd);
        Self {
            fd,
            keeps_order,
            touched: false,
        }
    }

    fn show(&mut self, staging: &OwnedFd, naming: &Naming) -> Result<Entry> {
        let id = check_id(&naming.id)?;
        let about = |errno| Error::system(errno, &naming.target);
        let name = components(&naming.target)?.pop().unwrap_or_default();
        let (file, _) = open_file(staging, id, OFlags::RDONLY)?;
        failpoint("dress")?;
        dress::like_child(&file, &self.fd)?;
        if let Some(mtime_ns) = naming.mtime_ns {
            dress::set_mtime(&file, mtime_ns)?;
        }
        if !self.keeps_order {
            failpoint("fsync-dressed")?;
            fsync(&file)?;
        }
        noreplace(staging, id, &self.fd, name).map_err(about)?;
        self.touched = true;
        failpoint("published")?;
        entry_at(&self.fd, name).map_err(about)
    }
}

fn write_new(dir: &OwnedFd, name: &OsStr, mut bytes: &[u8]) -> Result<Entry, Errno> {
    failpoint("stage")?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(dir, name, flags, Mode::RUSR | Mode::WUSR)?;
    failpoint("write")?;
    while !bytes.is_empty() {
        match write(&file, bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    entry_of(file.as_fd(), name)
}

/// Run *work* on every item, in at most 32 threads; outcomes come in the order of the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if items.len() <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    thread::scope(|scope| {
        for _ in 0..POOL.min(items.len()) {
            scope.spawn(|| {
                while let Some((index, item)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    items.get(index).map(|item| (index, item))
                } {
                    let outcome = work(item);
                    done.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((index, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Whether syncing everything would wait for little besides our own files; unknown counts as no.
fn little_is_dirty() -> bool {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    };
    matches!((kib("Dirty:"), kib("Writeback:")), (Some(dirty), Some(writing)) if (dirty + writing) << 10 <= DIRTY_MAX)
}

/// The path of the directory a name lies in.
fn above(path: &OsStr) -> &OsStr {
    let bytes = path.as_bytes();
    let slash = bytes.iter().rposition(|byte| *byte == b'/');
    OsStr::from_bytes(&bytes[..slash.unwrap_or(0)])
}

fn copy_of(error: &Error) -> Error {
    match error {
        Error::System { errno, path } => Error::system(*errno, path.clone()),
        Error::Stale { path } => Error::Stale { path: path.clone() },
        Error::Name(refusal) => Error::Name(*refusal),
    }
}
