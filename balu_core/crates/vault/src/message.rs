//! Cobblestone-256: C2SP chunked-encryption v1 (c2sp.org/chunked-encryption) with HKDF-Expand over SHA-512
//! and AES-256-GCM.

use ring::aead::{Aad, LessSafeKey, Nonce};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::header::{HEADER, aead};
use crate::keys::expand;

/// Plain bytes in every chunk but the last, which is shorter and may be empty.
pub const CHUNK: usize = 16_384;

/// The same with its tag.
pub const SEALED_CHUNK: usize = CHUNK + TAG;

/// Bytes of the salt.
pub const SALT: usize = 24;

/// Bytes before the first chunk: salt and commitment.
pub const PREFIX: usize = SALT + 32;

const TAG: usize = 16;
const INFO: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";
const CHUNKS_MAX: u64 = 1 << 38;

/// Where chunk *number* begins in the file.
#[must_use]
pub fn chunk_offset(number: u64) -> u64 {
    (HEADER + PREFIX) as u64 + number * SEALED_CHUNK as u64
}

/// Length of the file that holds *plain* bytes.
#[must_use]
pub fn sealed_size(plain: u64) -> u64 {
    chunk_offset(plain / CHUNK as u64) + plain % CHUNK as u64 + TAG as u64
}

/// How many plain bytes a file of *size* bytes holds.
///
/// # Errors
/// [`Error::Damaged`] for a length no complete file can have.
pub fn plain_size(size: u64) -> Result<u64> {
    let body = size.checked_sub((HEADER + PREFIX) as u64).ok_or(Error::Damaged)?;
    let (chunks, last) = (body / SEALED_CHUNK as u64, body % SEALED_CHUNK as u64);
    let last = last.checked_sub(TAG as u64).ok_or(Error::Damaged)?;
    if chunks >= CHUNKS_MAX {
        return Err(Error::TooLong);
    }
    Ok(chunks * CHUNK as u64 + last)
}

/// The derived keys of one message.
pub struct Cipher {
    key: LessSafeKey,
    nonce: [u8; 12],
    prefix: [u8; PREFIX],
}

impl Cipher {
    /// Derive them from an input key, a salt that is never used twice with it, and the context.
    ///
    /// # Errors
    /// None in practice: lengths are fixed.
    pub fn derive(key: &[u8; 32], salt: [u8; SALT], context: &[u8]) -> Result<Self> {
        let mut derived = Zeroizing::new([0; 32 + 12 + 32]);
        expand(key, &[INFO, &salt, context], &mut derived[..])?;
        let (mut message_key, mut nonce, mut prefix) = (Zeroizing::new([0; 32]), [0; 12], [0; PREFIX]);
        message_key.copy_from_slice(&derived[..32]);
        nonce.copy_from_slice(&derived[32..44]);
        prefix[..SALT].copy_from_slice(&salt);
        prefix[SALT..].copy_from_slice(&derived[44..]);
        Ok(Self {
            key: aead(&message_key)?,
            nonce,
            prefix,
        })
    }

    /// Salt and commitment, as they begin the message.
    #[must_use]
    pub fn prefix(&self) -> [u8; PREFIX] {
        self.prefix
    }

    /// Append chunk *number* with its tag to *out*.
    ///
    /// # Errors
    /// [`Error::TooLong`] for a number beyond the format's or more than [`CHUNK`] bytes.
    pub fn seal(&self, number: u64, plain: &[u8], out: &mut Vec<u8>) -> Result<()> {
        if number >= CHUNKS_MAX || plain.len() > CHUNK {
            return Err(Error::TooLong);
        }
        let start = out.len();
        out.extend_from_slice(plain);
        let tag = self
            .key
            .seal_in_place_separate_tag(self.nonce(number), Aad::empty(), &mut out[start..])
            .map_err(|_| Error::TooLong)?;
        out.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// Decrypt chunk *number* in place; returns its plain bytes.
    ///
    /// # Errors
    /// [`Error::Damaged`]; then *sealed* holds nothing of use.
    pub fn open<'a>(&self, number: u64, sealed: &'a mut [u8]) -> Result<&'a [u8]> {
        if number >= CHUNKS_MAX {
            return Err(Error::TooLong);
        }
        self.key
            .open_in_place(self.nonce(number), Aad::empty(), sealed)
            .map(|plain| &*plain)
            .map_err(|_| Error::Damaged)
    }

    fn nonce(&self, number: u64) -> Nonce {
        let mut nonce = self.nonce;
        for (byte, count) in nonce[4..].iter_mut().zip(number.to_be_bytes()) {
            *byte ^= count;
        }
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Plain bytes in, sealed chunks out.
pub struct Encryptor {
    cipher: Cipher,
    pending: Vec<u8>,
    next: u64,
    sealed: Vec<u8>,
}

impl Encryptor {
    /// Go on at byte *offset* of the message; *pending* is what belongs to an unfinished chunk.
    ///
    /// # Errors
    /// [`Error::Damaged`] when *pending* does not reach back to the chunk's beginning.
    pub fn new(cipher: Cipher, offset: u64, pending: Vec<u8>) -> Result<Self> {
        if offset % CHUNK as u64 != pending.len() as u64 {
            return Err(Error::Damaged);
        }
        Ok(Self {
            cipher,
            pending,
            next: offset / CHUNK as u64,
            sealed: Vec::with_capacity(SEALED_CHUNK),
        })
    }

    /// Take bytes; every chunk that is complete now goes to *put*.
    ///
    /// # Errors
    /// What *put* answers, [`Error::TooLong`].
    pub fn update<E: From<Error>>(
        &mut self,
        mut plain: &[u8],
        put: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.pending.is_empty() {
            let (now, later) = plain.split_at((CHUNK - self.pending.len()).min(plain.len()));
            self.pending.extend_from_slice(now);
            plain = later;
            if self.pending.len() < CHUNK {
                return Ok(());
            }
            let chunk = std::mem::take(&mut self.pending);
            self.emit(&chunk, put)?;
        }
        let mut chunks = plain.chunks_exact(CHUNK);
        for chunk in &mut chunks {
            self.emit(chunk, put)?;
        }
        self.pending.extend_from_slice(chunks.remainder());
        Ok(())
    }

    /// Seal the last chunk, shorter than the others.
    ///
    /// # Errors
    /// As [`Encryptor::update`].
    pub fn finish<E: From<Error>>(&mut self, put: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let chunk = std::mem::take(&mut self.pending);
        self.emit(&chunk, put)
    }

    /// Bytes of the chunk that is not complete yet.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Salt and commitment.
    #[must_use]
    pub fn prefix(&self) -> [u8; PREFIX] {
        self.cipher.prefix()
    }

    fn emit<E: From<Error>>(
        &mut self,
        chunk: &[u8],
        put: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.sealed.clear();
        self.cipher.seal(self.next, chunk, &mut self.sealed)?;
        self.next += 1;
        put(&self.sealed)
    }
}
