//! The block in front of every file: whose it is, and its key under lock.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};

use crate::error::{Error, Result};
use crate::keys::random;

/// Bytes before the message.
pub const HEADER: usize = 4096;

const MAGIC: [u8; 8] = *b"baluvlt\x01";
const VAULT: usize = 8;
const FILE: usize = 24;
const VERSION: usize = 40;
const WRAP: usize = 44;
const DIGEST: usize = WRAP + WRAPPED;
const SUM: usize = HEADER - 32;

/// Nonce, 32 bytes and tag.
pub(crate) const WRAPPED: usize = 12 + 32 + 16;

/// A parsed header. Its checksum has been verified, its tags have not: that takes a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub(crate) vault: [u8; 16],
    pub(crate) file: [u8; 16],
    pub(crate) version: u32,
    pub(crate) wrapped: [u8; WRAPPED],
    /// BLAKE3 of the plain bytes, encrypted; none while the file is not complete.
    pub(crate) digest: Option<[u8; WRAPPED]>,
}

impl Header {
    /// Read a header from the beginning of *bytes*.
    ///
    /// # Errors
    /// [`Error::Header`] for anything that is not exactly one; never panics, whatever the bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let bytes: &[u8; HEADER] = bytes
            .get(..HEADER)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(Error::Header)?;
        let (body, sum) = bytes.split_at(SUM);
        let digest_field: [u8; WRAPPED] = part(bytes, DIGEST);
        let rest = &bytes[DIGEST + WRAPPED..SUM];
        let is_ours = bytes[..VAULT] == MAGIC && rest.iter().all(|byte| *byte == 0);
        if !is_ours || digest(&SHA256, body).as_ref() != sum {
            return Err(Error::Header);
        }
        Ok(Self {
            vault: part(bytes, VAULT),
            file: part(bytes, FILE),
            version: u32::from_be_bytes(part(bytes, VERSION)),
            wrapped: part(bytes, WRAP),
            digest: (digest_field != [0; WRAPPED]).then_some(digest_field),
        })
    }

    /// The block as it stands on the disk.
    #[must_use]
    pub fn bytes(&self) -> Box<[u8; HEADER]> {
        let mut block = Box::new([0; HEADER]);
        block[..VAULT].copy_from_slice(&MAGIC);
        block[VAULT..FILE].copy_from_slice(&self.vault);
        block[FILE..VERSION].copy_from_slice(&self.file);
        block[VERSION..WRAP].copy_from_slice(&self.version.to_be_bytes());
        block[WRAP..DIGEST].copy_from_slice(&self.wrapped);
        if let Some(sealed) = &self.digest {
            block[DIGEST..DIGEST + WRAPPED].copy_from_slice(sealed);
        }
        let sum = digest(&SHA256, &block[..SUM]);
        block[SUM..].copy_from_slice(sum.as_ref());
        block
    }

    /// Which version of the vault's key locks this file's.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Which vault the file belongs to.
    #[must_use]
    pub fn vault(&self) -> [u8; 16] {
        self.vault
    }

    /// Whether *later* is the same header under a later version of the vault's key.
    #[must_use]
    pub fn precedes(&self, later: &Self) -> bool {
        self.vault == later.vault
            && self.file == later.file
            && self.digest == later.digest
            && self.version < later.version
    }

    /// What the wrapped key is bound to: everything before it.
    pub(crate) fn bound(&self) -> [u8; WRAP] {
        let mut bound = [0; WRAP];
        bound[..VAULT].copy_from_slice(&MAGIC);
        bound[VAULT..FILE].copy_from_slice(&self.vault);
        bound[FILE..VERSION].copy_from_slice(&self.file);
        bound[VERSION..].copy_from_slice(&self.version.to_be_bytes());
        bound
    }
}

/// Encrypt 32 bytes under *key* with a random nonce.
pub(crate) fn wrap(key: &[u8; 32], bound: &[u8], plain: &[u8; 32]) -> Result<[u8; WRAPPED]> {
    let mut wrapped = [0; WRAPPED];
    let nonce: [u8; 12] = random()?;
    wrapped[..12].copy_from_slice(&nonce);
    wrapped[12..44].copy_from_slice(plain);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = aead(key)?
        .seal_in_place_separate_tag(nonce, Aad::from(bound), &mut wrapped[12..44])
        .map_err(|_| Error::Damaged)?;
    wrapped[44..].copy_from_slice(tag.as_ref());
    Ok(wrapped)
}

/// The other way round.
pub(crate) fn unwrap(key: &[u8; 32], bound: &[u8], wrapped: &[u8; WRAPPED]) -> Result<[u8; 32]> {
    let mut open = *wrapped;
    let nonce = Nonce::assume_unique_for_key(part(wrapped, 0));
    let plain = aead(key)?
        .open_in_place(nonce, Aad::from(bound), &mut open[12..])
        .map_err(|_| Error::Damaged)?;
    Ok(part(plain, 0))
}

pub(crate) fn aead(key: &[u8; 32]) -> Result<LessSafeKey> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::Damaged)?;
    Ok(LessSafeKey::new(key))
}

/// *N* bytes from *at*; the callers' lengths are fixed and large enough.
fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[at..at + N]);
    part
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{HEADER, Header, WRAPPED};
    use crate::error::Error;

    fn header() -> Header {
        Header {
            vault: [1; 16],
            file: [2; 16],
            version: 7,
            wrapped: [3; WRAPPED],
            digest: Some([4; WRAPPED]),
        }
    }

    #[test]
    fn a_header_comes_back_as_it_was() {
        let mut one = header();
        assert_eq!(Header::parse(&one.bytes()[..]).unwrap(), one);
        one.digest = None;
        assert_eq!(Header::parse(&one.bytes()[..]).unwrap(), one);
    }

    proptest! {
        #[test]
        fn anything_else_is_refused_and_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..5000)) {
            prop_assert_eq!(Header::parse(&bytes), Err(Error::Header));
        }

        #[test]
        fn every_changed_bit_is_noticed(at in 0..HEADER, bit in 0..8_u8) {
            let mut bytes = header().bytes();
            bytes[at] ^= 1_u8 << bit;
            prop_assert_eq!(Header::parse(&bytes[..]), Err(Error::Header));
        }
    }
}
