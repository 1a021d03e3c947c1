//! Blocks on their way to the writer: one thread, alive only while there is work, takes them there.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;

use crate::block::Block;
use crate::writer::Writer;

/// Bytes that may wait for the writer before a pause is asked for, and where the pause ends.
const FULL: usize = 4 << 20;
const RESUME: usize = 2 << 20;

/// How long the writer's thread outlives its last block.
const IDLE: Duration = Duration::from_millis(500);

/// What the caller and the thread share. An error is final.
pub(crate) struct Queue {
    shared: Arc<Shared>,
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

impl Queue {
    pub fn new(file: OwnedFd, writer: Writer) -> Self {
        let state = State {
            queue: VecDeque::new(),
            spare: None,
            pending: 0,
            writer: Some(writer),
            stop: false,
            paused: false,
            failure: None,
        };
        Self {
            shared: Arc::new(Shared {
                file,
                state: Mutex::new(state),
                changed: Condvar::new(),
            }),
        }
    }

    pub fn file(&self) -> &OwnedFd {
        &self.shared.file
    }

    /// Why nothing is taken any more.
    pub fn failure(&self) -> Option<Errno> {
        self.state().failure
    }

    /// Whether there is room for more without a pause.
    pub fn has_room(&self) -> Result<bool, Errno> {
        let state = self.state();
        match state.failure {
            Some(errno) => Err(errno),
            None => Ok(state.pending < FULL),
        }
    }

    /// Wait until there is room again.
    pub fn drain(&self) -> Result<(), Errno> {
        let mut state = self.state();
        while state.failure.is_none() && state.pending > RESUME && !state.stop {
            if state.writer.is_some() && !state.paused {
                self.start(&mut state)?;
            }
            state = self.wait(state);
        }
        state.failure.map_or(Ok(()), Err)
    }

    /// An empty block, a used one if it fits.
    pub fn block(&self, limit: usize) -> Block {
        match self.state().spare.take() {
            Some(block) if block.limit() == limit => block,
            _ => Block::new(limit),
        }
    }

    /// Append *block*; with *write* a thread is started for it, otherwise it may wait here.
    pub fn put(&self, block: Block, write: bool) -> Result<(), Errno> {
        let mut state = self.state();
        state.pending += block.len();
        state.queue.push_back(block);
        if write && state.writer.is_some() && !state.paused {
            self.start(&mut state)?;
        }
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Let *act* see the writer between two blocks; more may be put meanwhile.
    pub fn between<T>(&self, act: impl FnOnce(&mut Writer) -> Result<T, Errno>) -> Result<T, Errno> {
        self.state().paused = true;
        let outcome = self.take_writer().and_then(|mut writer| {
            let outcome = act(&mut writer);
            self.give_back(writer);
            outcome
        });
        let mut state = self.state();
        state.paused = false;
        if let Err(errno) = outcome {
            state.failure.get_or_insert(errno);
        } else if !state.queue.is_empty() {
            self.start(&mut state)?;
        }
        self.shared.changed.notify_all();
        outcome
    }

    /// Write everything and *last*, then let *act* have the writer; nothing can be written afterwards.
    pub fn end<T>(
        &self,
        last: Option<Block>,
        act: impl FnOnce(&mut Writer) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        self.state().stop = true;
        let outcome = self.flush(last).and_then(|mut writer| {
            let outcome = act(&mut writer);
            // Whoever halts a part that has ended, or is ending, must find the writer.
            self.give_back(writer);
            outcome
        });
        let mut state = self.state();
        state.spare = None;
        if let Err(errno) = outcome {
            state.failure.get_or_insert(errno);
        }
        self.shared.changed.notify_all();
        outcome
    }

    /// Forget what is waiting; the block in the writer's hands is still written.
    pub fn stop(&self) {
        let mut state = self.state();
        state.stop = true;
        state.queue = VecDeque::new();
        state.spare = None;
        self.shared.changed.notify_all();
    }

    /// Stop, and return when nothing writes any more.
    pub fn halt(&self) {
        self.stop();
        if let Ok(writer) = self.take_writer() {
            self.give_back(writer);
        }
    }

    fn give_back(&self, writer: Writer) {
        self.state().writer = Some(writer);
        self.shared.changed.notify_all();
    }

    fn flush(&self, last: Option<Block>) -> Result<Writer, Errno> {
        let mut writer = self.take_writer()?;
        for mut block in self.leftover().into_iter().chain(last) {
            writer.write(&self.shared.file, &mut block)?;
        }
        Ok(writer)
    }

    /// Wait for the thread to give the writer back: after its queue, or at once when paused.
    fn take_writer(&self) -> Result<Writer, Errno> {
        let mut state = self.state();
        self.shared.changed.notify_all();
        loop {
            if let Some(errno) = state.failure {
                return Err(errno);
            }
            match state.writer.take() {
                Some(writer) => return Ok(writer),
                None => state = self.wait(state),
            }
        }
    }

    /// Blocks that no thread was started for.
    fn leftover(&self) -> VecDeque<Block> {
        let mut state = self.state();
        state.pending = 0;
        std::mem::take(&mut state.queue)
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

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }

    fn wait<'a>(&self, guard: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.shared
            .changed
            .wait(guard)
            .unwrap_or_else(PoisonError::into_inner)
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

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs::File;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use crate::part::{Part, Place, allocate};

    fn dir(path: &Path) -> OwnedFd {
        File::open(path).unwrap().into()
    }

    #[test]
    fn halting_a_part_that_is_ending_waits_for_it_and_no_longer() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let name = OsStr::new("upload");
            allocate(&dir(folder.path()), name, None, false, None).unwrap();
            let place = Place {
                offset: 0,
                length: None,
                whole: 0,
                after: Some(b""),
                check: None,
                keys: None,
            };
            let part = Part::open(dir(folder.path()), name, place).unwrap();
            part.push(&vec![7; 3 << 20]).unwrap();
            std::thread::scope(|scope| {
                scope.spawn(|| part.end());
                std::thread::sleep(std::time::Duration::from_micros(300));
                scope.spawn(|| part.halt());
                scope.spawn(|| part.halt());
            });
        }
    }
}
