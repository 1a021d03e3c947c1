//! Between the hash and the disk: bytes of a vault are encrypted chunk by chunk and gathered into blocks.

use std::os::fd::OwnedFd;

use balu_vault::{CHUNK, Encryptor, HEADER, Header, Keys, PREFIX, SEALED_CHUNK, Secret, chunk_offset};
use rustix::io::{Errno, pread};

use crate::block::Block;
use crate::tree::RECORD;

/// Encrypted bytes gathered before they are written.
const GATHER: usize = 1 << 20;

/// How the unfinished chunk of an upload is marked behind its spans.
const MARK: [u8; 8] = *b"balutail";

type Put<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), Errno>;

/// The encrypting half of a writer.
pub struct Sealing {
    secret: Secret,
    encryptor: Encryptor,
    out: Block,
    at: u64,
    /// An earlier try may have written here: the same key must never encrypt two different chunks.
    former: Option<OwnedFd>,
}

/// Errors of the format as those of the disk: both mean that these bytes cannot be had.
struct Refused(Errno);

impl From<balu_vault::Error> for Refused {
    fn from(error: balu_vault::Error) -> Self {
        Self(errno_of(error))
    }
}

/// EKEYREJECTED for keys, EFBIG and ENAMETOOLONG for lengths, EBADMSG for anything damaged.
#[must_use]
pub fn errno_of(error: balu_vault::Error) -> Errno {
    match error {
        balu_vault::Error::OtherVault | balu_vault::Error::NoKey => Errno::KEYREJECTED,
        balu_vault::Error::TooLong => Errno::FBIG,
        balu_vault::Error::NameTooLong => Errno::NAMETOOLONG,
        balu_vault::Error::Random => Errno::IO,
        balu_vault::Error::Header | balu_vault::Error::Damaged => Errno::BADMSG,
    }
}

impl Sealing {
    /// For a new file with a key of its own, from its first byte.
    pub fn begin(keys: &Keys) -> Result<Self, Errno> {
        let secret = keys.fresh().map_err(errno_of)?;
        let encryptor = Encryptor::new(secret.begin().map_err(errno_of)?, 0, Vec::new()).map_err(errno_of)?;
        let mut out = Block::new(GATHER);
        out.take(&encryptor.prefix());
        Ok(Self {
            secret,
            encryptor,
            out,
            at: HEADER as u64,
            former: None,
        })
    }

    /// For a staged file that [`front`] began, from plain byte *offset*; *tail* is its unfinished chunk.
    pub fn resume(file: &OwnedFd, keys: &Keys, offset: u64, tail: Vec<u8>) -> Result<Self, Errno> {
        let (secret, encryptor) = opened(file, keys, offset, tail)?;
        let at = chunk_offset(offset / CHUNK as u64);
        let mut first = [0; 64];
        let there = pread(file, &mut first, at)?;
        let former = first[..there].iter().any(|byte| *byte != 0);
        Ok(Self {
            secret,
            encryptor,
            out: Block::new(GATHER),
            at,
            former: former
                .then(|| file.try_clone())
                .transpose()
                .map_err(|_| Errno::IO)?,
        })
    }

    /// Where the next byte goes.
    pub fn at(&self) -> u64 {
        self.at
    }

    pub fn update(&mut self, plain: &[u8], put: Put<'_>) -> Result<(), Errno> {
        let Self {
            encryptor,
            out,
            at,
            former,
            ..
        } = self;
        let mut gather = |mut sealed: &[u8]| {
            while !sealed.is_empty() {
                sealed = &sealed[out.take(sealed)..];
                if out.is_full() {
                    spill(out, at, former, put).map_err(Refused)?;
                }
            }
            Ok(())
        };
        encryptor
            .update(plain, &mut gather)
            .map_err(|refused: Refused| refused.0)
    }

    /// Hand over what is gathered.
    pub fn flush(&mut self, put: Put<'_>) -> Result<(), Errno> {
        spill(&mut self.out, &mut self.at, &mut self.former, put)
    }

    /// Seal the last chunk and hand over everything.
    pub fn finish(&mut self, put: Put<'_>) -> Result<(), Errno> {
        let mut last = Vec::with_capacity(SEALED_CHUNK);
        let mut keep = |sealed: &[u8]| {
            last.extend_from_slice(sealed);
            Ok(())
        };
        self.encryptor
            .finish(&mut keep)
            .map_err(|refused: Refused| refused.0)?;
        let mut rest = &last[..];
        while !rest.is_empty() {
            rest = &rest[self.out.take(rest)..];
            self.flush(put)?;
        }
        Ok(())
    }

    /// The header of the complete file.
    pub fn header(&mut self, blake3: &[u8; 32]) -> Result<Box<[u8; HEADER]>, Errno> {
        self.secret.set_digest(blake3).map_err(errno_of)?;
        Ok(self.secret.header().bytes())
    }

    /// Append the unfinished chunk to *state*, encrypted; *offset* is where it ends.
    pub fn put_aside(&self, offset: u64, state: &mut Vec<u8>) -> Result<(), Errno> {
        let tail = self.encryptor.pending();
        if tail.is_empty() {
            return Ok(());
        }
        let kept = self.secret.put_aside(tail, offset).map_err(errno_of)?;
        state.extend_from_slice(&kept);
        state.extend_from_slice(&u32::try_from(kept.len()).unwrap_or(0).to_le_bytes());
        state.extend_from_slice(&MARK);
        Ok(())
    }
}

/// Header and prefix of a file that comes in parts, as they stand before its first byte.
pub fn front(keys: &Keys) -> Result<Vec<u8>, Errno> {
    let secret = keys.fresh().map_err(errno_of)?;
    let mut front = secret.header().bytes().to_vec();
    front.extend(secret.begin().map_err(errno_of)?.prefix());
    Ok(front)
}

/// Cut what [`Sealing::put_aside`] appended off *state*: the spans alone, and the encrypted tail.
pub fn split(state: &[u8]) -> (&[u8], &[u8]) {
    let Some((rest, length)) = state
        .strip_suffix(&MARK)
        .and_then(|rest| rest.split_last_chunk::<4>())
    else {
        return (state, &[]);
    };
    let length = u32::from_le_bytes(*length) as usize;
    match rest.len().checked_sub(length) {
        Some(at) if at.is_multiple_of(RECORD) => rest.split_at(at),
        _ => (state, &[]),
    }
}

/// The plain tail, which ends at *offset*; EINVAL when it does not reach back to the chunk's beginning.
pub fn tail(file: &OwnedFd, keys: &Keys, kept: &[u8], offset: u64) -> Result<Vec<u8>, Errno> {
    let tail = if kept.is_empty() {
        Vec::new()
    } else {
        secret(file, keys)?.0.take_back(kept, offset).map_err(errno_of)?
    };
    if offset % CHUNK as u64 == tail.len() as u64 {
        Ok(tail)
    } else {
        Err(Errno::INVAL)
    }
}

fn opened(file: &OwnedFd, keys: &Keys, offset: u64, tail: Vec<u8>) -> Result<(Secret, Encryptor), Errno> {
    let (secret, prefix) = secret(file, keys)?;
    let cipher = secret.resume(&prefix).map_err(errno_of)?;
    let encryptor = Encryptor::new(cipher, offset, tail).map_err(errno_of)?;
    Ok((secret, encryptor))
}

/// The key of a staged file, and the beginning of its message.
pub fn secret(file: &OwnedFd, keys: &Keys) -> Result<(Secret, [u8; PREFIX]), Errno> {
    let mut front = vec![0; HEADER + PREFIX];
    crate::plain::read_exactly(file, 0, &mut front)?;
    let header = Header::parse(&front).map_err(errno_of)?;
    let mut prefix = [0; PREFIX];
    prefix.copy_from_slice(&front[HEADER..]);
    Ok((keys.open(header).map_err(errno_of)?, prefix))
}

fn spill(out: &mut Block, at: &mut u64, former: &mut Option<OwnedFd>, put: Put<'_>) -> Result<(), Errno> {
    if let Some(file) = former
        && !agrees(file, *at, out.bytes())?
    {
        *former = None;
    }
    put(out.bytes())?;
    *at += out.len() as u64;
    out.clear();
    Ok(())
}

/// Whether an earlier try wrote all of this range; ESTALE when it wrote something else there.
fn agrees(file: &OwnedFd, at: u64, sealed: &[u8]) -> Result<bool, Errno> {
    let mut there = vec![0; sealed.len()];
    let mut filled = 0;
    while filled < there.len() {
        match pread(file, &mut there[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    let written = there
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    if there[..written] == sealed[..written] {
        Ok(written == sealed.len())
    } else {
        Err(Errno::STALE)
    }
}
