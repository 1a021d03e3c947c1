//! Staged files that are not complete, read as the bytes that were sent.

use std::os::fd::OwnedFd;

use balu_vault::{CHUNK, Cipher, Keys, SEALED_CHUNK, chunk_offset};
use rustix::io::{Errno, pread, pwrite};

use crate::block::PAGE;
use crate::sealing::{self, errno_of};
use crate::tree::{SPAN, Tree, unpack};

/// The plain bytes of a staged file that is not complete, encrypted or not.
pub struct Plain<'a> {
    file: &'a OwnedFd,
    cipher: Option<Cipher>,
    /// What belongs to a chunk that is not on the disk yet, and where it begins.
    pub tail: Vec<u8>,
    tail_at: u64,
}

impl<'a> Plain<'a> {
    /// *kept* is what was put aside of the chunk in which *offset* lies.
    pub fn of(file: &'a OwnedFd, keys: Option<&Keys>, kept: &[u8], offset: u64) -> Result<Self, Errno> {
        let (mut cipher, mut tail) = (None, Vec::new());
        if let Some(keys) = keys {
            let (secret, prefix) = sealing::secret(file, keys)?;
            cipher = Some(secret.resume(&prefix).map_err(errno_of)?);
            tail = sealing::tail(file, keys, kept, offset)?;
        }
        Ok(Self {
            file,
            cipher,
            tail_at: offset - tail.len() as u64,
            tail,
        })
    }

    /// Length of the file when its first *offset* bytes are there.
    pub fn needs(&self, offset: u64) -> u64 {
        if self.cipher.is_some() {
            chunk_offset(offset / CHUNK as u64)
        } else {
            offset
        }
    }

    /// The sealed end of the message, when *size* bytes are all there are.
    pub fn last_chunk(&self, size: u64) -> Result<Vec<u8>, Errno> {
        let mut sealed = Vec::with_capacity(SEALED_CHUNK);
        if let Some(cipher) = &self.cipher {
            cipher
                .seal(size / CHUNK as u64, &self.tail, &mut sealed)
                .map_err(errno_of)?;
        }
        Ok(sealed)
    }

    /// A tree that stands at *offset*: what lies between the last span and there is read again.
    pub fn tree(&self, spans: &[u8], offset: u64, whole: u64) -> Result<Tree, Errno> {
        let mut spans = unpack(spans);
        spans.retain(|span| span.offset + span.length <= offset);
        let (mut tree, mut at) = Tree::resume(spans, whole.max(offset));
        let mut buffer = vec![0; usize::try_from(SPAN).unwrap_or(PAGE)];
        while at < offset {
            let wanted = usize::try_from(offset - at)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            self.read(at, &mut buffer[..wanted])?;
            tree.update(&buffer[..wanted]);
            at += wanted as u64;
        }
        Ok(tree)
    }

    /// Fill *buffer* from plain byte *offset*; EIO when that is not there.
    pub fn read(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<(), Errno> {
        let Some(cipher) = &self.cipher else {
            return read_exactly(self.file, offset, buffer);
        };
        let mut sealed = vec![0; SEALED_CHUNK];
        while !buffer.is_empty() {
            let number = offset / CHUNK as u64;
            let skip = usize::try_from(offset % CHUNK as u64).unwrap_or(0);
            let plain = if offset >= self.tail_at {
                &self.tail[..]
            } else {
                sealed.resize(SEALED_CHUNK, 0);
                read_exactly(self.file, chunk_offset(number), &mut sealed)?;
                cipher.open(number, &mut sealed).map_err(errno_of)?
            };
            let part = plain
                .get(skip..)
                .filter(|part| !part.is_empty())
                .ok_or(Errno::IO)?;
            let count = part.len().min(buffer.len());
            buffer[..count].copy_from_slice(&part[..count]);
            buffer = &mut buffer[count..];
            offset += count as u64;
        }
        Ok(())
    }
}

/// Fill *buffer*; EIO when the file ends before.
pub fn read_exactly(file: &OwnedFd, mut offset: u64, mut buffer: &mut [u8]) -> Result<(), Errno> {
    while !buffer.is_empty() {
        match pread(file, &mut *buffer, offset) {
            Ok(0) => return Err(Errno::IO),
            Ok(count) => {
                offset += count as u64;
                buffer = &mut buffer[count..];
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Write all of *bytes*.
pub fn write_exactly(file: &OwnedFd, mut offset: u64, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match pwrite(file, bytes, offset) {
            Ok(0) => return Err(Errno::IO),
            Ok(count) => {
                offset += count as u64;
                bytes = &bytes[count..];
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
