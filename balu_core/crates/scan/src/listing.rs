//! One window of a sorted directory, from a snapshot that is kept while the directory stands still.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use balu_paths::{Entry, Error, Result, Root, entry_at, entry_now, entry_of};
use rustix::io::Errno;

use crate::order::Sort;
use crate::snapshot::Snapshot;

/// How long sizes and times a snapshot was sorted by are taken for true without looking.
const FRESH: Duration = Duration::from_secs(2);

/// A directory changed this recently may change again without its times moving: kernels tick at up to
/// 10 ms, and file systems with whole seconds at up to 2 s.
const TICK_NS: i64 = 20_000_000;
const COARSE_TICK_NS: i64 = 2_100_000_000;

/// Bytes of snapshots kept per cache.
const KEPT: usize = 32 << 20;

/// Most entries that are looked at by someone who must not wait.
const AT_HAND: usize = 64;

/// Times a directory that changes while it is read is read again.
const TRIES: usize = 3;

/// Which window of which order.
#[derive(Clone, Debug)]
pub struct Query {
    /// Order.
    pub sort: Sort,
    /// Largest, newest or last name first; folders stay first.
    pub descending: bool,
    /// Entries to skip.
    pub offset: usize,
    /// Most entries to return.
    pub limit: usize,
    /// Keeps names that hold this, case ignored.
    pub contains: Option<OsString>,
}

/// A window.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The entries, stat'ed for this call.
    pub entries: Vec<Entry>,
    /// Entries that match, before offset and limit.
    pub total: usize,
    /// Changes with the set of names.
    pub etag: String,
}

/// Sorted snapshots by directory and order, the least recently used one dropped first.
#[derive(Debug, Default)]
pub struct Cache {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_order: HashMap<Key, Remembered>,
    bytes: usize,
    uses: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    dev: u64,
    ino: u64,
    sort: Sort,
    descending: bool,
}

impl Key {
    fn of(root: &Root, stamp: Stamp, query: &Query) -> Self {
        Self {
            dev: root.dev(),
            ino: stamp.ino,
            sort: query.sort,
            descending: query.descending,
        }
    }
}

#[derive(Clone, Debug)]
struct Remembered {
    snapshot: Arc<Snapshot>,
    stamp: Stamp,
    read: Instant,
    used: u64,
}

/// What moves when names come, go or change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    ino: u64,
    mtime_ns: i64,
    ctime_ns: i64,
}

impl Cache {
    /// One window of the directory at *path*.
    ///
    /// # Errors
    /// A refused name, or what the kernel answers.
    pub fn listing(&self, root: &Root, path: &OsStr, query: &Query) -> Result<Listing> {
        let about = |errno| Error::system(errno, path);
        let mut tries = 0;
        loop {
            tries += 1;
            let dir = root.dir(path)?;
            let remembered = self.snapshot(root, &dir, path, query, tries > 1).map_err(about)?;
            let look = |name: &OsStr| entry_at(&dir, name);
            let (listing, agrees) = window(&remembered, query, look).map_err(about)?;
            if agrees || tries == TRIES {
                return Ok(listing);
            }
        }
    }

    /// The same for a small window without waiting for a disk: none when something would have to be read, and
    /// when anything is wrong.
    #[must_use]
    pub fn listing_now(&self, root: &Root, path: &OsStr, query: &Query) -> Option<Listing> {
        let dir = root.dir_now(path).ok()??;
        let stamp = stamp(&dir).ok()?;
        let remembered = self.recall(&Key::of(root, stamp, query), stamp)?;
        let shown = remembered
            .snapshot
            .len()
            .saturating_sub(query.offset)
            .min(query.limit);
        if shown > AT_HAND || query.contains.is_some() {
            return None;
        }
        let look = |name: &OsStr| entry_now(&dir, name)?.ok_or(Errno::AGAIN);
        let (listing, agrees) = window(&remembered, query, look).ok()?;
        agrees.then_some(listing)
    }

    fn snapshot(
        &self,
        root: &Root,
        dir: &OwnedFd,
        path: &OsStr,
        query: &Query,
        anew: bool,
    ) -> Result<Remembered, Errno> {
        let stamp = stamp(dir)?;
        let key = Key::of(root, stamp, query);
        if !anew && let Some(remembered) = self.recall(&key, stamp) {
            return Ok(remembered);
        }
        // The clock is read first: a change after this moment shows in the times.
        let now = now_ns();
        let snapshot = Snapshot::read(dir, query.sort, query.descending, path.is_empty())?;
        let remembered = Remembered {
            snapshot: Arc::new(snapshot),
            stamp,
            read: Instant::now(),
            used: 0,
        };
        if settled(stamp, now) {
            self.remember(key, remembered.clone());
        }
        Ok(remembered)
    }

    fn recall(&self, key: &Key, stamp: Stamp) -> Option<Remembered> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let uses = kept.uses;
        let remembered = kept
            .by_order
            .get_mut(key)
            .filter(|remembered| remembered.stamp == stamp)?;
        remembered.used = uses;
        Some(remembered.clone())
    }

    fn remember(&self, key: Key, mut remembered: Remembered) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        remembered.used = kept.uses;
        kept.bytes += remembered.snapshot.weight();
        if let Some(before) = kept.by_order.insert(key, remembered) {
            kept.bytes -= before.snapshot.weight();
        }
        while kept.bytes > KEPT {
            let oldest = kept.by_order.iter().min_by_key(|(_, remembered)| remembered.used);
            let Some(oldest) = oldest.map(|(key, _)| *key) else {
                break;
            };
            if let Some(dropped) = kept.by_order.remove(&oldest) {
                kept.bytes -= dropped.snapshot.weight();
            }
        }
    }
}

/// Look at the window's entries; false when one of them no longer is what the order was made of.
fn window(
    remembered: &Remembered,
    query: &Query,
    look: impl Fn(&OsStr) -> Result<Entry, Errno>,
) -> Result<(Listing, bool), Errno> {
    let snapshot = &remembered.snapshot;
    let chosen = query.contains.as_deref().map(|needle| snapshot.matching(needle));
    let total = chosen.as_ref().map_or(snapshot.len(), Vec::len);
    let end = query.offset.saturating_add(query.limit).min(total);
    let fresh = remembered.read.elapsed() < FRESH;
    let mut entries = Vec::with_capacity(end.saturating_sub(query.offset));
    let mut agrees = true;
    for place in query.offset..end {
        let index = chosen.as_ref().map_or(place, |chosen| chosen[place]);
        let Some((name, kind)) = snapshot.get(index) else {
            break;
        };
        match look(name) {
            Ok(entry) => {
                agrees &= entry.kind == kind && (fresh || snapshot.agrees(index, query.sort, &entry));
                entries.push(entry);
            }
            Err(Errno::NOENT) => agrees = false,
            Err(errno) => return Err(errno),
        }
    }
    let Stamp {
        ino,
        mtime_ns,
        ctime_ns,
    } = remembered.stamp;
    let mut hasher = blake3::Hasher::new();
    for part in [
        ino.to_le_bytes(),
        mtime_ns.to_le_bytes(),
        ctime_ns.to_le_bytes(),
        snapshot.names.to_le_bytes(),
    ] {
        hasher.update(&part);
    }
    let etag = hasher.finalize().to_hex()[..32].to_owned();
    Ok((Listing { entries, total, etag }, agrees))
}

fn stamp(dir: &OwnedFd) -> Result<Stamp, Errno> {
    let entry = entry_of(dir, "")?;
    Ok(Stamp {
        ino: entry.ino,
        mtime_ns: entry.mtime_ns,
        ctime_ns: entry.ctime_ns,
    })
}

/// Whether the directory's last change is long enough ago for the next one to move its times.
fn settled(stamp: Stamp, now_ns: i64) -> bool {
    let last = stamp.mtime_ns.max(stamp.ctime_ns);
    let tick = if stamp.ctime_ns % 1_000_000_000 == 0 {
        COARSE_TICK_NS
    } else {
        TICK_NS
    };
    now_ns.saturating_sub(last) > tick
}

fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
