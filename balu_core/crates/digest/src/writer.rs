//! Hash a block and write it at the end of the file, while it is still in the processor's cache.

use std::os::fd::{AsFd, BorrowedFd};

use balu_paths::failpoint;
use rustix::fs::{Advice, OFlags, fadvise, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, pwrite};
use sha2::{Digest, Sha256};

use crate::block::{Block, PAGE};

/// Buffered writes are handed to the disk in portions of this size, so that the last sync is short.
const WRITE_BEHIND: u64 = 8 << 20;

/// Everything that moves forward with the bytes.
pub struct Writer {
    blake3: blake3::Hasher,
    sha256: Option<Sha256>,
    offset: u64,
    started: u64,
    direct: bool,
}

impl Writer {
    pub fn new(sha256: bool) -> Self {
        let sha256 = sha256.then(Sha256::new);
        Self {
            blake3: blake3::Hasher::new(),
            sha256,
            offset: 0,
            started: 0,
            direct: false,
        }
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
        self.blake3.update(block.bytes());
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(block.bytes());
        }
        let length = block.len() as u64;
        failpoint("write")?;
        if self.direct {
            block.pad();
        }
        self.put(file, block.bytes())?;
        self.offset += length;
        if !self.direct && self.offset - self.started >= WRITE_BEHIND {
            self.write_behind(file);
        }
        Ok(())
    }

    /// BLAKE3 and, when it was asked for, SHA-256 of all bytes, in hex.
    pub fn digests(&self) -> (String, Option<String>) {
        let sha256 = self.sha256.as_ref().map(|sha256| {
            use std::fmt::Write as _;
            sha256
                .clone()
                .finalize()
                .iter()
                .fold(String::with_capacity(64), |mut hex, byte| {
                    let _ = write!(hex, "{byte:02x}");
                    hex
                })
        });
        (self.blake3.finalize().to_hex().to_string(), sha256)
    }

    fn put(&mut self, file: BorrowedFd<'_>, bytes: &[u8]) -> Result<(), Errno> {
        let mut done = 0;
        while done < bytes.len() {
            match pwrite(file, &bytes[done..], self.offset + done as u64) {
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
        Ok(())
    }

    fn leave_direct(&mut self, file: BorrowedFd<'_>) -> Result<(), Errno> {
        self.direct = false;
        set_direct(file, false)
    }

    /// The advice starts writing dirty pages of the range and drops those already written.
    fn write_behind(&mut self, file: BorrowedFd<'_>) {
        let length = std::num::NonZeroU64::new(self.offset - self.started);
        // Advice may be refused; the sync at the end does not depend on it.
        let _ = fadvise(file, self.started, length, Advice::DontNeed);
        self.started = self.offset;
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
