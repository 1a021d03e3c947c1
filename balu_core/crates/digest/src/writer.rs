//! Hash a block and write it at the end of the file, while it is still in the processor's cache.

use std::os::fd::{AsFd, BorrowedFd};

use balu_paths::failpoint;
use rustix::fs::{Advice, OFlags, fadvise, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, pwrite};

use crate::block::{Block, PAGE};
use crate::check::{Algorithm, Check};
use crate::sealing::Sealing;
use crate::tree::{Tree, pack};

/// Buffered writes are handed to the disk in portions of this size, so that the last sync is short.
const WRITE_BEHIND: u64 = 8 << 20;

/// Everything that moves forward with the bytes.
pub struct Writer {
    hash: Hash,
    check: Option<Check>,
    offset: u64,
    /// Where the next byte goes in the file: ahead of the offset when the bytes are encrypted.
    at: u64,
    started: u64,
    direct: bool,
    sealing: Option<Box<Sealing>>,
}

/// What becomes of the bytes: a whole file, or a part whose subtrees are kept.
enum Hash {
    Whole(Box<blake3::Hasher>),
    Part(Box<Tree>),
}

/// See [`Writer::digest`].
pub enum Digest {
    Whole(String),
    Part(Vec<u8>),
}

impl Writer {
    pub fn new(sha256: bool) -> Self {
        Self {
            hash: Hash::Whole(Box::default()),
            check: sha256.then(|| Check::new(Algorithm::Sha256)),
            offset: 0,
            at: 0,
            started: 0,
            direct: false,
            sealing: None,
        }
    }

    /// Go on where *tree* stands, with another digest of the new bytes alone.
    pub fn part(tree: Tree, check: Option<Algorithm>) -> Self {
        let offset = tree.offset();
        Self {
            hash: Hash::Part(Box::new(tree)),
            check: check.map(Check::new),
            offset,
            at: offset,
            started: offset,
            direct: false,
            sealing: None,
        }
    }

    /// Encrypt what is written from here on.
    pub fn sealed(mut self, sealing: Sealing) -> Self {
        (self.at, self.started) = (sealing.at(), sealing.at());
        self.sealing = Some(Box::new(sealing));
        self
    }

    /// Ask for writes past the page cache; file systems that refuse keep ordinary ones.
    pub fn try_direct(&mut self, file: impl AsFd) {
        self.direct = set_direct(file.as_fd(), true).is_ok();
    }

    /// Bytes written so far, padding not counted.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Hash and write *block*. Only the last block may end off a page boundary.
    pub fn write(&mut self, file: impl AsFd, block: &mut Block) -> Result<(), Errno> {
        let file = file.as_fd();
        if let Some(check) = &mut self.check {
            check.update(block.bytes());
        }
        let length = block.len() as u64;
        match &mut self.hash {
            Hash::Whole(blake3) => {
                blake3.update(block.bytes());
                if self.direct && self.sealing.is_none() {
                    block.pad();
                }
            }
            Hash::Part(tree) => {
                tree.update(block.bytes());
                // Beyond a part may lie another one: no padding.
                if self.direct && self.sealing.is_none() && !block.len().is_multiple_of(PAGE) {
                    self.leave_direct(file)?;
                }
            }
        }
        failpoint("write")?;
        if let Some(mut sealing) = self.sealing.take() {
            let outcome = sealing.update(block.bytes(), &mut |sealed| self.put(file, sealed));
            self.sealing = Some(sealing);
            outcome?;
        } else {
            self.put(file, block.bytes())?;
            // Padding is no part of the file.
            self.at = self.offset + length;
        }
        self.offset += length;
        if !self.direct && self.at - self.started >= WRITE_BEHIND {
            self.write_behind(file);
        }
        Ok(())
    }

    /// Write every encrypted chunk that is complete, so that a sync covers it.
    pub fn flush(&mut self, file: impl AsFd) -> Result<(), Errno> {
        let Some(mut sealing) = self.sealing.take() else {
            return Ok(());
        };
        let file = file.as_fd();
        let outcome = self
            .leave_direct(file)
            .and_then(|()| sealing.flush(&mut |sealed| self.put(file, sealed)));
        self.sealing = Some(sealing);
        outcome
    }

    /// Write the last chunk and the header of a whole encrypted file; returns the file's length.
    pub fn finish(&mut self, file: impl AsFd) -> Result<u64, Errno> {
        let Some(mut sealing) = self.sealing.take() else {
            return Ok(self.offset);
        };
        let file = file.as_fd();
        self.leave_direct(file)?;
        sealing.finish(&mut |sealed| self.put(file, sealed))?;
        let length = self.at;
        if let Hash::Whole(blake3) = &self.hash {
            let header = sealing.header(blake3.finalize().as_bytes())?;
            self.at = 0;
            self.put(file, &header[..])?;
        }
        Ok(length)
    }

    /// BLAKE3 of a whole file, or the subtrees of a part.
    pub fn digest(&self) -> Result<Digest, Errno> {
        Ok(match &self.hash {
            Hash::Whole(blake3) => Digest::Whole(blake3.finalize().to_hex().to_string()),
            Hash::Part(tree) => {
                let mut state = pack(tree.spans());
                if let Some(sealing) = &self.sealing {
                    sealing.put_aside(self.offset, &mut state)?;
                }
                Digest::Part(state)
            }
        })
    }

    /// The other digest in hex, when one was asked for.
    pub fn check(&self) -> Option<String> {
        self.check.as_ref().map(Check::hex)
    }

    fn put(&mut self, file: BorrowedFd<'_>, bytes: &[u8]) -> Result<(), Errno> {
        let mut done = 0;
        while done < bytes.len() {
            match pwrite(file, &bytes[done..], self.at + done as u64) {
                Ok(0) => return Err(Errno::IO),
                Ok(count) => done += count,
                Err(Errno::INTR) => continue,
                Err(Errno::INVAL) if self.direct => self.leave_direct(file)?,
                Err(errno) => return Err(errno),
            }
            if self.direct && done < bytes.len() && !done.is_multiple_of(PAGE) {
                self.leave_direct(file)?;
            }
        }
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn leave_direct(&mut self, file: BorrowedFd<'_>) -> Result<(), Errno> {
        if !self.direct {
            return Ok(());
        }
        self.direct = false;
        set_direct(file, false)
    }

    /// The advice starts writing dirty pages of the range and drops those already written.
    fn write_behind(&mut self, file: BorrowedFd<'_>) {
        let length = std::num::NonZeroU64::new(self.at - self.started);
        // Advice may be refused; the sync at the end does not depend on it.
        let _ = fadvise(file, self.started, length, Advice::DontNeed);
        self.started = self.at;
    }
}

fn set_direct(file: BorrowedFd<'_>, on: bool) -> Result<(), Errno> {
    let flags = fcntl_getfl(file)?;
    fcntl_setfl(
        file,
        if on {
            flags | OFlags::DIRECT
        } else {
            flags - OFlags::DIRECT
        },
    )
}
