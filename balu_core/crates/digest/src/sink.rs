//! The caller's side never waits and never writes; one thread, alive only while there is work, does.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use balu_paths::{Entry, entry_at, entry_of, failpoint};
use rustix::fs::{
    AtFlags, FallocateFlags, Mode, OFlags, fallocate, fdatasync, fstat, fsync, ftruncate, openat, unlinkat,
};
use rustix::io::Errno;

use crate::block::Block;
use crate::writer::{Digest, Writer};

/// Blocks grow from the first to the last size while they fill quickly, so that a slow upload costs
/// little memory and a fast one few hand-overs.
const BLOCK_MIN: usize = 64 << 10;
const BLOCK_MAX: usize = 1 << 20;
const QUICK: Duration = Duration::from_millis(100);

/// Bytes that may wait for the writer before `push` asks for a pause, and where the pause ends.
const QUEUE: usize = 4 << 20;
const RESUME: usize = 2 << 20;

/// Below this size nothing is preallocated, and no thread is started for bytes that come quickly.
const SMALL: u64 = 1 << 20;

/// From this declared size on, writes go past the page cache.
pub(crate) const DIRECT: u64 = 16 << 20;

/// How long the writer's thread outlives its last block.
const IDLE: Duration = Duration::from_millis(500);

/// What is known before the first byte.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Declared length in bytes.
    pub size: Option<u64>,
    /// Whether SHA-256 is wanted besides BLAKE3.
    pub sha256: bool,
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
    shared: Arc<Shared>,
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

struct Shared {
    file: OwnedFd,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    queue: VecDeque<Block>,
    spare: Option<Block>,
    /// Bytes in the queue and in the writer's hands.
    pending: usize,
    /// Here while no thread has it.
    writer: Option<Writer>,
    stop: bool,
    /// The writer is wanted back after its present block, though there may be more.
    paused: bool,
    failure: Option<Errno>,
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
        if let Some(size) = options.size.filter(|size| *size >= SMALL) {
            if let Err(errno) = reserve(&file, size) {
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
        let state = State {
            queue: VecDeque::new(),
            spare: None,
            pending: 0,
            writer: Some(writer),
            stop: false,
            paused: false,
            failure: None,
        };
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
        let shared = Arc::new(Shared {
            file,
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        Self {
            front: Mutex::new(front),
            shared,
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
            return Err(lock(&self.shared.state).failure.unwrap_or(Errno::BADF));
        }
        front.received += data.len() as u64;
        while !data.is_empty() {
            if front.fill.is_none() {
                front.fill = Some(self.block(front.next_limit));
                front.since = Some(Instant::now());
            }
            let Some(block) = front.fill.as_mut() else { break };
            data = &data[block.take(data)..];
            if block.is_full() {
                self.hand_over(&mut front)?;
            }
        }
        let state = lock(&self.shared.state);
        match state.failure {
            Some(errno) => Err(errno),
            None => Ok(state.pending < QUEUE),
        }
    }

    /// Wait until there is room again.
    ///
    /// # Errors
    /// What the writer met.
    pub fn drain(&self) -> Result<(), Errno> {
        let mut state = lock(&self.shared.state);
        while state.failure.is_none() && state.pending > RESUME && !state.stop {
            if state.writer.is_some() && !state.paused {
                self.start(&mut state)?;
            }
            state = wait(&self.shared.changed, state);
        }
        state.failure.map_or(Ok(()), Err)
    }

    /// Make durable what is written so far; `push` may go on meanwhile. For parts.
    pub(crate) fn sync(&self) -> Result<(u64, Vec<u8>), Errno> {
        lock(&self.shared.state).paused = true;
        let outcome = self.take_writer().and_then(|writer| {
            let synced = sync_data(&self.shared.file);
            let found = (writer.offset(), spans(&writer));
            lock(&self.shared.state).writer = Some(writer);
            synced.map(|()| found)
        });
        let mut state = lock(&self.shared.state);
        state.paused = false;
        if let Err(errno) = outcome {
            state.failure.get_or_insert(errno);
        } else if !state.queue.is_empty() {
            self.start(&mut state)?;
        }
        self.shared.changed.notify_all();
        outcome
    }

    /// Write what is left of a part and make it durable; ends the sink.
    pub(crate) fn end(&self) -> Result<(u64, Vec<u8>, Option<String>), Errno> {
        let mut front = lock(&self.front);
        if front.ended {
            return Err(lock(&self.shared.state).failure.unwrap_or(Errno::BADF));
        }
        front.ended = true;
        lock(&self.shared.state).stop = true;
        let outcome = self.flush(front.fill.take()).and_then(|writer| {
            sync_data(&self.shared.file)?;
            Ok((writer.offset(), spans(&writer), writer.check()))
        });
        let mut state = lock(&self.shared.state);
        state.spare = None;
        outcome.inspect_err(|errno| {
            state.failure.get_or_insert(*errno);
        })
    }

    /// Stop and wait until nothing writes any more.
    pub(crate) fn halt(&self) {
        lock(&self.front).ended = true;
        self.stop();
        let _ = self.take_writer();
    }

    /// Write what is left, cut the file to what was received, sync it once.
    ///
    /// # Errors
    /// What the disk answered; then nothing can be finished any more, and the file is never synced again.
    pub fn finish(&self) -> Result<Sealed, Errno> {
        let mut front = lock(&self.front);
        if front.ended {
            return Err(lock(&self.shared.state).failure.unwrap_or(Errno::BADF));
        }
        front.ended = true;
        let outcome = self.seal(front.fill.take(), front.received);
        let mut state = lock(&self.shared.state);
        state.spare = None;
        outcome.inspect_err(|errno| {
            state.failure.get_or_insert(*errno);
        })
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
        self.stop();
        let ours = entry_of(&self.shared.file, "")?.ino;
        match entry_at(&self.dir, self.name.as_os_str()) {
            Ok(entry) if entry.ino == ours => unlinkat(&self.dir, &self.name, AtFlags::empty())?,
            Ok(_) | Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(errno),
        }
        // The descriptor lives as long as its owner; the room comes back now, if no other name is left.
        if fstat(&self.shared.file)?.st_nlink == 0 {
            ftruncate(&self.shared.file, 0)?;
        }
        Ok(())
    }

    fn flush(&self, last: Option<Block>) -> Result<Writer, Errno> {
        let mut writer = self.take_writer()?;
        for mut block in self.leftover().into_iter().chain(last) {
            writer.write(&self.shared.file, &mut block)?;
        }
        Ok(writer)
    }

    fn seal(&self, last: Option<Block>, received: u64) -> Result<Sealed, Errno> {
        let file = &self.shared.file;
        lock(&self.shared.state).stop = true;
        let writer = self.flush(last)?;
        debug_assert_eq!(writer.offset(), received);
        let entry = entry_of(file, self.name.clone())?;
        if entry.size != received {
            failpoint("truncate")?;
            ftruncate(file, received)?;
        }
        failpoint("fsync")?;
        fsync(file)?;
        let Digest::Whole(blake3) = writer.digest() else {
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

    /// Wait for the thread to give the writer back: after its queue, or at once when paused.
    fn take_writer(&self) -> Result<Writer, Errno> {
        let mut state = lock(&self.shared.state);
        self.shared.changed.notify_all();
        loop {
            if let Some(errno) = state.failure {
                return Err(errno);
            }
            match state.writer.take() {
                Some(writer) => return Ok(writer),
                None => state = wait(&self.shared.changed, state),
            }
        }
    }

    /// Blocks that no thread was started for.
    fn leftover(&self) -> VecDeque<Block> {
        let mut state = lock(&self.shared.state);
        state.pending = 0;
        std::mem::take(&mut state.queue)
    }

    fn block(&self, limit: usize) -> Block {
        match lock(&self.shared.state).spare.take() {
            Some(block) if block.limit() == limit => block,
            _ => Block::new(limit),
        }
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
        let mut state = lock(&self.shared.state);
        state.pending += block.len();
        state.queue.push_back(block);
        // A small file waits in memory for `finish`, unless it comes so slowly that many of them would add up.
        let large = front.received >= SMALL || self.options.size.is_some_and(|size| size >= SMALL);
        if (large || !quick) && state.writer.is_some() && !state.paused {
            self.start(&mut state)?;
        }
        self.shared.changed.notify_all();
        Ok(())
    }

    fn start(&self, state: &mut State) -> Result<(), Errno> {
        let Some(writer) = state.writer.take() else {
            return Ok(());
        };
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new()
            .name("balu-sink".into())
            .stack_size(256 << 10);
        if let Err(error) = thread.spawn(move || work(&shared, writer)) {
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::AGAIN);
            state.failure = Some(errno);
            return Err(errno);
        }
        Ok(())
    }

    fn stop(&self) {
        let mut state = lock(&self.shared.state);
        state.stop = true;
        state.queue = VecDeque::new();
        state.spare = None;
        self.shared.changed.notify_all();
    }
}

impl Drop for Sink {
    /// Lets the thread and the buffers go; the staged file stays for whoever knows its id.
    fn drop(&mut self) {
        self.stop();
    }
}

fn work(shared: &Shared, mut writer: Writer) {
    let mut state = lock(&shared.state);
    loop {
        if state.paused {
            break;
        }
        if let Some(mut block) = state.queue.pop_front() {
            drop(state);
            let length = block.len();
            let outcome = writer.write(&shared.file, &mut block);
            block.clear();
            state = lock(&shared.state);
            state.pending = state.pending.saturating_sub(length);
            state.spare = (!state.stop).then_some(block);
            if let Err(errno) = outcome {
                state.failure = Some(errno);
                state.queue.clear();
                state.pending = 0;
            }
            shared.changed.notify_all();
            continue;
        }
        if state.stop || state.failure.is_some() {
            break;
        }
        let (guard, timeout) = shared
            .changed
            .wait_timeout(state, IDLE)
            .unwrap_or_else(PoisonError::into_inner);
        state = guard;
        if timeout.timed_out() && state.queue.is_empty() {
            break;
        }
    }
    state.spare = None;
    state.writer = Some(writer);
    shared.changed.notify_all();
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

fn spans(writer: &Writer) -> Vec<u8> {
    match writer.digest() {
        Digest::Part(spans) => spans,
        Digest::Whole(_) => Vec::new(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<'a>(condition: &Condvar, guard: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    condition.wait(guard).unwrap_or_else(PoisonError::into_inner)
}
