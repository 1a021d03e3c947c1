//! The keys of one open vault, and the one of a file.

use ring::hkdf::{HKDF_SHA512, KeyType, Prk};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::header::{Header, unwrap, wrap};
use crate::message::{Cipher, Encryptor, SALT, sealed_size};
use crate::names::Names;

/// First words of the context of every message, before vault id and file id.
const CONTEXT: &[u8] = b"balu.vault/1";

/// What an open vault knows. Dropping it overwrites the keys.
pub struct Keys {
    vault: [u8; 16],
    keks: Vec<(u32, Zeroizing<[u8; 32]>)>,
    names: Names,
}

/// The key of one file with the header that locks it.
pub struct Secret {
    header: Header,
    key: Zeroizing<[u8; 32]>,
}

impl Keys {
    /// *root* is the vault's root key, from which the one for names comes; *keks* are the versions of the
    /// key that locks file keys, newest last.
    ///
    /// # Errors
    /// [`Error::NoKey`] when there is no version at all.
    pub fn new(vault: [u8; 16], root: &[u8; 32], keks: &[(u32, [u8; 32])]) -> Result<Self> {
        if keks.is_empty() {
            return Err(Error::NoKey);
        }
        let mut names = Zeroizing::new([0; 64]);
        expand(root, &[b"balu.vault/1 names", &vault], &mut names[..])?;
        Ok(Self {
            vault,
            keks: keks
                .iter()
                .map(|(version, key)| (*version, Zeroizing::new(*key)))
                .collect(),
            names: Names::new(&names, vault),
        })
    }

    /// What encrypts names.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// A fresh key for a file that is about to be written.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn fresh(&self) -> Result<Secret> {
        let header = Header {
            vault: self.vault,
            file: random()?,
            version: 0,
            wrapped: [0; _],
            digest: None,
        };
        self.lock(header, Zeroizing::new(random()?))
    }

    /// A complete file made of *plain*, whose BLAKE3 is *blake3*.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn seal(&self, plain: &[u8], blake3: &[u8; 32]) -> Result<Vec<u8>> {
        let mut secret = self.fresh()?;
        secret.set_digest(blake3)?;
        let mut encryptor = Encryptor::new(secret.begin()?, 0, Vec::new())?;
        let length = usize::try_from(sealed_size(plain.len() as u64)).map_err(|_| Error::TooLong)?;
        let mut file = Vec::with_capacity(length);
        file.extend_from_slice(&secret.header().bytes()[..]);
        file.extend_from_slice(&encryptor.prefix());
        let mut put = |sealed: &[u8]| -> Result<()> {
            file.extend_from_slice(sealed);
            Ok(())
        };
        encryptor.update(plain, &mut put)?;
        encryptor.finish(&mut put)?;
        Ok(file)
    }

    /// The key behind *header*.
    ///
    /// # Errors
    /// [`Error::OtherVault`], [`Error::NoKey`], [`Error::Damaged`].
    pub fn open(&self, header: Header) -> Result<Secret> {
        if header.vault != self.vault {
            return Err(Error::OtherVault);
        }
        let kek = self.keks.iter().find(|(version, _)| *version == header.version);
        let (_, kek) = kek.ok_or(Error::NoKey)?;
        let key = Zeroizing::new(unwrap(kek, &header.bound(), &header.wrapped)?);
        Ok(Secret { header, key })
    }

    /// The same file key under the newest version of the vault's; nothing but the header changes.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn rewrap(&self, secret: Secret) -> Result<Secret> {
        self.lock(secret.header, secret.key)
    }

    /// The newest version of the key that locks file keys.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.keks.last().map_or(0, |(version, _)| *version)
    }

    fn lock(&self, mut header: Header, key: Zeroizing<[u8; 32]>) -> Result<Secret> {
        let (version, kek) = self.keks.last().ok_or(Error::NoKey)?;
        header.version = *version;
        header.wrapped = wrap(kek, &header.bound(), &key)?;
        Ok(Secret { header, key })
    }
}

impl Secret {
    /// The header as it belongs on the disk now.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What encrypts a new message.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn begin(&self) -> Result<Cipher> {
        Cipher::derive(&self.key, random()?, &self.context())
    }

    /// What opens the message that begins with *prefix* (salt and commitment).
    ///
    /// # Errors
    /// [`Error::Damaged`] when the commitment is not that of this key.
    pub fn resume(&self, prefix: &[u8]) -> Result<Cipher> {
        let salt: [u8; SALT] = prefix
            .get(..SALT)
            .and_then(|salt| salt.try_into().ok())
            .ok_or(Error::Damaged)?;
        let cipher = Cipher::derive(&self.key, salt, &self.context())?;
        if prefix == cipher.prefix() {
            Ok(cipher)
        } else {
            Err(Error::Damaged)
        }
    }

    /// Keep the BLAKE3 of the plain bytes in the header.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn set_digest(&mut self, blake3: &[u8; 32]) -> Result<()> {
        self.header.digest = Some(wrap(&*self.digest_key()?, &self.header.file, blake3)?);
        Ok(())
    }

    /// The BLAKE3 of the plain bytes, none while the file was not complete.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn digest(&self) -> Result<Option<[u8; 32]>> {
        let Some(sealed) = &self.header.digest else {
            return Ok(None);
        };
        unwrap(&*self.digest_key()?, &self.header.file, sealed).map(Some)
    }

    /// Encrypt the unfinished chunk of an upload for the time until more comes; *at* is where it ends.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn put_aside(&self, tail: &[u8], at: u64) -> Result<Vec<u8>> {
        let mut kept = random::<SALT>()?.to_vec();
        let cipher = self.aside(&kept, at)?;
        cipher.seal(0, tail, &mut kept)?;
        Ok(kept)
    }

    /// What [`Secret::put_aside`] was given.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn take_back(&self, kept: &[u8], at: u64) -> Result<Vec<u8>> {
        let (salt, sealed) = kept.split_at_checked(SALT).ok_or(Error::Damaged)?;
        let mut sealed = sealed.to_vec();
        let length = self.aside(salt, at)?.open(0, &mut sealed)?.len();
        sealed.truncate(length);
        Ok(sealed)
    }

    fn aside(&self, salt: &[u8], at: u64) -> Result<Cipher> {
        let salt = salt.try_into().map_err(|_| Error::Damaged)?;
        let context = [b"balu.vault/1 tail", &self.header.file[..], &at.to_be_bytes()].concat();
        Cipher::derive(&self.key, salt, &context)
    }

    fn digest_key(&self) -> Result<Zeroizing<[u8; 32]>> {
        let mut key = Zeroizing::new([0; 32]);
        expand(&self.key, &[b"balu.vault/1 digest"], &mut key[..])?;
        Ok(key)
    }

    fn context(&self) -> Vec<u8> {
        [CONTEXT, &self.header.vault, &self.header.file].concat()
    }
}

/// HKDF-Expand with SHA-512 (RFC 5869).
pub(crate) fn expand(key: &[u8; 32], info: &[&[u8]], out: &mut [u8]) -> Result<()> {
    Prk::new_less_safe(HKDF_SHA512, key)
        .expand(info, Length(out.len()))
        .and_then(|okm| okm.fill(out))
        .map_err(|_| Error::Damaged)
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(bytes)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;
    use crate::error::Error;

    fn keys(keks: &[(u32, [u8; 32])]) -> Keys {
        Keys::new([9; 16], &[1; 32], keks).unwrap()
    }

    #[test]
    fn a_file_key_survives_the_change_of_the_vaults_key() {
        let (old, both) = (keys(&[(1, [1; 32])]), keys(&[(1, [1; 32]), (2, [2; 32])]));
        let mut secret = old.fresh().unwrap();
        secret.set_digest(&[5; 32]).unwrap();
        let prefix = secret.begin().unwrap().prefix();
        let moved = both.rewrap(both.open(secret.header().clone()).unwrap()).unwrap();
        assert_eq!(moved.header().version(), 2);
        assert_eq!(old.open(moved.header().clone()).err(), Some(Error::NoKey));
        let new = keys(&[(2, [2; 32])]).open(moved.header().clone()).unwrap();
        assert_eq!(new.digest().unwrap(), Some([5; 32]));
        assert!(new.resume(&prefix).is_ok());
    }

    #[test]
    fn another_key_or_vault_opens_nothing() {
        let secret = keys(&[(1, [1; 32])]).fresh().unwrap();
        let header = || secret.header().clone();
        assert_eq!(keys(&[(1, [3; 32])]).open(header()).err(), Some(Error::Damaged));
        let other = Keys::new([8; 16], &[1; 32], &[(1, [1; 32])]).unwrap();
        assert_eq!(other.open(header()).err(), Some(Error::OtherVault));
    }

    #[test]
    fn what_is_put_aside_comes_back_only_at_its_place() {
        let secret = keys(&[(1, [1; 32])]).fresh().unwrap();
        let kept = secret.put_aside(b"tail", 20_000).unwrap();
        assert_eq!(secret.take_back(&kept, 20_000).unwrap(), b"tail");
        assert_eq!(secret.take_back(&kept, 20_001), Err(Error::Damaged));
        assert_eq!(secret.take_back(&kept[..10], 20_000), Err(Error::Damaged));
    }
}
