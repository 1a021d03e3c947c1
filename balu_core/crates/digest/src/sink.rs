//! The caller's side of a staged file: it never waits and never writes.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use balu_paths::{Entry, entry_at, entry_of, failpoint};
use rustix::fs::{
    AtFlags, FallocateFlags, Mode, OFlags, fallocate, fdatasync, fstat, fsync, ftruncate, openat, unlinkat,
};
use rustix::io::Errno;

use crate::block::Block;
use crate::queue::{Queue, lock};
use crate::sealing::Sealing;
use crate::writer::{Digest, Writer};

/// Blocks grow from the first to the last size while they fill quickly, so that a slow upload costs
/// little memory and a fast one few hand-overs.
const BLOCK_MIN: usize = 64 << 10;
const BLOCK_MAX: usize = 1 << 20;
const QUICK: Duration = Duration::from_millis(100);

/// A block that a fast start made large goes on as it is when the bytes come slowly after all.
const PATIENCE: Duration = Duration::from_secs(1);

/// Below this size nothing is preallocated, and no thread is started for bytes that come quickly.
const SMALL: u64 = 1 << 20;

/// From this declared size on, writes go past the page cache.
pub(crate) const DIRECT: u64 = 16 << 20;

/// What is known before the first byte.
#[derive(Clone, Default)]
pub struct Options {
    /// Declared length in bytes.
    pub size: Option<u64>,
    /// Whether SHA-256 is wanted besides BLAKE3.
    pub sha256: bool,
    /// Keys of the vault the file is for; it reaches the disk encrypted, and digests are of the plain bytes.
    pub keys: Option<Arc<balu_vault::Keys>>,
}

/// A file that is complete, synced, and not yet visible.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The staged file.
    pub entry: Entry,
    /// BLAKE3 in hex.
    pub blake3: String,
    /// SHA-256 in hex, when it was asked for.
    pub sha256: Option<String>,
}

/// Bytes on their way into a staged file. One caller at a time; an error is final.
pub struct Sink {
    front: Mutex<Front>,
    queue: Queue,
    dir: OwnedFd,
    name: OsString,
    options: Options,
}

struct Front {
    fill: Option<Block>,
    since: Option<Instant>,
    next_limit: usize,
    received: u64,
    ended: bool,
}

impl Sink {
    /// Create *name* in the directory *dir* (it must not exist, mode 0600) and reserve the declared size.
    ///
    /// # Errors
    /// EEXIST; ENOSPC, EDQUOT or EFBIG when the declared size cannot be had, and then nothing is left.
    pub fn create(dir: OwnedFd, name: impl Into<OsString>, options: Options) -> Result<Self, Errno> {
        let name = name.into();
        failpoint("stage")?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&dir, &name, flags, Mode::RUSR | Mode::WUSR)?;
        let mut writer = Writer::new(options.sha256);
        if let Some(keys) = &options.keys {
            writer = writer.sealed(Sealing::begin(keys)?);
        }
        if let Some(size) = options.size.filter(|size| *size >= SMALL) {
            let on_disk = options
                .keys
                .as_ref()
                .map_or(size, |_| balu_vault::sealed_size(size));
            if let Err(errno) = reserve(&file, on_disk) {
                // The file is ours and empty; a failed removal leaves it to collection.
                let _ = unlinkat(&dir, &name, AtFlags::empty());
                return Err(errno);
            }
            if size >= DIRECT {
                writer.try_direct(&file);
            }
        }
        Ok(Self::over(dir, name, file, writer, options))
    }

    /// The same for a file that exists, going on where *writer* stands.
    pub(crate) fn over(
        dir: OwnedFd,
        name: OsString,
        file: OwnedFd,
        writer: Writer,
        options: Options,
    ) -> Self {
        let first = options
            .size
            .map_or(BLOCK_MIN, |size| usize::try_from(size).unwrap_or(BLOCK_MIN));
        let front = Front {
            fill: None,
            since: None,
            next_limit: first.min(BLOCK_MIN),
            received: 0,
            ended: false,
        };
        Self {
            front: Mutex::new(front),
            queue: Queue::new(file, writer),
            dir,
            name,
            options,
        }
    }

    /// Bytes taken so far.
    pub fn received(&self) -> u64 {
        lock(&self.front).received
    }

    /// Take all of *data* with one copy and without waiting; false when the caller should pause.
    ///
    /// # Errors
    /// What the writer met, EBADF after the end.
    pub fn push(&self, mut data: &[u8]) -> Result<bool, Errno> {
        let mut front = lock(&self.front);
        if front.ended {
            return Err(self.queue.failure().unwrap_or(Errno::BADF));
        }
        front.received += data.len() as u64;
        while !data.is_empty() {
            if front.fill.is_none() {
                front.fill = Some(self.queue.block(front.next_limit));
                front.since = Some(Instant::now());
            }
            let Some(block) = front.fill.as_mut() else { break };
            data = &data[block.take(data)..];
            if block.is_full() {
                self.hand_over(&mut front)?;
            }
        }
        self.hasten(&mut front)?;
        self.queue.has_room()
    }

    /// Wait until there is room again.
    ///
    /// # Errors
    /// What the writer met.
    pub fn drain(&self) -> Result<(), Errno> {
        self.queue.drain()
    }

    /// Make durable what is written so far; `push` may go on meanwhile. For parts.
    pub(crate) fn sync(&self) -> Result<(u64, Vec<u8>), Errno> {
        self.queue.between(|writer| {
            writer.flush(self.queue.file())?;
            sync_data(self.queue.file())?;
            Ok((writer.offset(), spans(writer)?))
        })
    }

    /// Write what is left of a part and make it durable; ends the sink.
    pub(crate) fn end(&self) -> Result<(u64, Vec<u8>, Option<String>), Errno> {
        let mut front = lock(&self.front);
        if front.ended {
            return Err(self.queue.failure().unwrap_or(Errno::BADF));
        }
        front.ended = true;
        self.queue.end(front.fill.take(), |writer| {
            writer.flush(self.queue.file())?;
            sync_data(self.queue.file())?;
            Ok((writer.offset(), spans(writer)?, writer.check()))
        })
    }

    /// The file it writes.
    pub(crate) fn file(&self) -> &OwnedFd {
        self.queue.file()
    }

    /// Stop and wait until nothing writes any more.
    pub(crate) fn halt(&self) {
        lock(&self.front).ended = true;
        self.queue.halt();
    }

    /// Write what is left, cut the file to what was received, sync it once.
    ///
    /// # Errors
    /// What the disk answered; then nothing can be finished any more, and the file is never synced again.
    pub fn finish(&self) -> Result<Sealed, Errno> {
        let mut front = lock(&self.front);
        if front.ended {
            return Err(self.queue.failure().unwrap_or(Errno::BADF));
        }
        front.ended = true;
        let received = front.received;
        self.queue
            .end(front.fill.take(), |writer| self.seal(writer, received))
    }

    /// Stop and remove the staged file, unless its name holds something else by now.
    ///
    /// # Errors
    /// What the removal answers.
    pub fn abandon(&self) -> Result<(), Errno> {
        let mut front = lock(&self.front);
        front.ended = true;
        front.fill = None;
        drop(front);
        self.queue.stop();
        let ours = entry_of(self.queue.file(), "")?.ino;
        match entry_at(&self.dir, self.name.as_os_str()) {
            Ok(entry) if entry.ino == ours => unlinkat(&self.dir, &self.name, AtFlags::empty())?,
            Ok(_) | Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(errno),
        }
        // The descriptor lives as long as its owner; the room comes back now, if no other name is left.
        if fstat(self.queue.file())?.st_nlink == 0 {
            ftruncate(self.queue.file(), 0)?;
        }
        Ok(())
    }

    fn seal(&self, writer: &mut Writer, received: u64) -> Result<Sealed, Errno> {
        let file = self.queue.file();
        debug_assert_eq!(writer.offset(), received);
        let length = writer.finish(file)?;
        let entry = entry_of(file, self.name.clone())?;
        if entry.size != length {
            failpoint("truncate")?;
            ftruncate(file, length)?;
        }
        failpoint("fsync")?;
        fsync(file)?;
        let Digest::Whole(blake3) = writer.digest()? else {
            return Err(Errno::INVAL);
        };
        let sha256 = writer.check();
        let entry = entry_of(file, self.name.clone())?;
        Ok(Sealed {
            entry,
            blake3,
            sha256,
        })
    }

    /// Hand over the whole pages of a block that has been filling for long and has enough for a small one.
    fn hasten(&self, front: &mut Front) -> Result<(), Errno> {
        let Some(block) = front.fill.as_mut().filter(|block| block.len() >= BLOCK_MIN) else {
            return Ok(());
        };
        if front.since.is_none_or(|since| since.elapsed() < PATIENCE) {
            return Ok(());
        }
        let rest = block.split_page();
        self.hand_over(front)?;
        if !rest.is_empty() {
            let mut next = self.queue.block(front.next_limit);
            next.take(&rest);
            front.fill = Some(next);
            front.since = Some(Instant::now());
        }
        Ok(())
    }

    fn hand_over(&self, front: &mut Front) -> Result<(), Errno> {
        let Some(block) = front.fill.take() else {
            return Ok(());
        };
        let quick = front.since.is_some_and(|since| since.elapsed() < QUICK);
        front.next_limit = if quick {
            (block.limit() * 4).clamp(BLOCK_MIN, BLOCK_MAX)
        } else {
            BLOCK_MIN
        };
        // A small file waits in memory for `finish`, unless it comes so slowly that many of them would add up.
        let large = front.received >= SMALL || self.options.size.is_some_and(|size| size >= SMALL);
        self.queue.put(block, large || !quick)
    }
}

impl Drop for Sink {
    /// Lets the thread and the buffers go; the staged file stays for whoever knows its id.
    fn drop(&mut self) {
        self.queue.stop();
    }
}

pub(crate) fn reserve(file: &OwnedFd, size: u64) -> Result<(), Errno> {
    failpoint("reserve")?;
    match fallocate(file, FallocateFlags::empty(), 0, size) {
        Err(errno @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG | Errno::IO)) => Err(errno),
        // Not every file system can reserve; there the write itself will tell.
        _ => Ok(()),
    }
}

fn sync_data(file: &OwnedFd) -> Result<(), Errno> {
    failpoint("fsync")?;
    fdatasync(file)
}

fn spans(writer: &Writer) -> Result<Vec<u8>, Errno> {
    Ok(match writer.digest()? {
        Digest::Part(spans) => spans,
        Digest::Whole(_) => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, Instant};

    use super::{BLOCK_MAX, BLOCK_MIN, Options, PATIENCE, Sink, lock};
    use crate::block::PAGE;

    /// Limit and length of the block that is being filled.
    fn filling(sink: &Sink) -> (usize, usize) {
        let front = lock(&sink.front);
        let block = front.fill.as_ref().unwrap();
        (block.limit(), block.len())
    }

    /// As if the block had been begun long ago.
    fn wait(sink: &Sink) {
        lock(&sink.front).since = Instant::now().checked_sub(PATIENCE);
    }

    #[test]
    fn a_large_block_goes_when_bytes_come_slowly_and_the_file_is_the_same() {
        for size in [None, Some(20 << 20)] {
            let folder = tempfile::tempdir().unwrap();
            let dir = File::open(folder.path()).unwrap();
            let options = Options {
                size,
                ..Options::default()
            };
            let sink = Sink::create(dir.into(), "upload", options).unwrap();
            let bytes: Vec<u8> = (0..5_000_000_u32).map(|at| (at % 251).to_le_bytes()[0]).collect();
            let (fast, slow) = bytes.split_at(BLOCK_MIN + 5);
            lock(&sink.front).next_limit = BLOCK_MAX;
            sink.push(&fast[..1]).unwrap();
            lock(&sink.front).since = Some(Instant::now() + Duration::from_secs(600));
            sink.push(&fast[1..]).unwrap();
            assert_eq!(filling(&sink), (BLOCK_MAX, BLOCK_MIN + 5));
            wait(&sink);
            sink.push(&slow[..1]).unwrap();
            assert_eq!(filling(&sink), (BLOCK_MIN, 6));
            // Too little to be worth a write stays.
            wait(&sink);
            sink.push(&slow[1..PAGE]).unwrap();
            assert_eq!(filling(&sink), (BLOCK_MIN, 5 + PAGE));
            for (number, piece) in slow[PAGE..].chunks(9999).enumerate() {
                sink.push(piece).unwrap();
                if number % 9 == 0 && lock(&sink.front).fill.is_some() {
                    wait(&sink);
                }
            }
            sink.drain().unwrap();
            let sealed = sink.finish().unwrap();
            assert_eq!(sealed.blake3, blake3::hash(&bytes).to_hex().to_string());
            assert_eq!(std::fs::read(folder.path().join("upload")).unwrap(), bytes);
        }
    }
}
