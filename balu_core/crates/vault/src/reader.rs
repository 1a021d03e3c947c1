//! Random access: a range costs the chunks it touches, and nothing comes out unverified.

use crate::error::{Error, Result};
use crate::header::{HEADER, Header};
use crate::keys::{Keys, Secret};
use crate::message::{CHUNK, Cipher, PREFIX, SEALED_CHUNK, chunk_offset, plain_size, sealed_size};

/// Chunks read together: few enough that their buffer comes from memory that is at hand.
const AT_ONCE: u64 = 4;

/// Looks at a header: one that is written again at that moment may be seen half changed.
const TRIES: usize = 4;

/// A complete file of a vault, open for reading.
pub struct Reader {
    secret: Secret,
    cipher: Cipher,
    size: u64,
    digest: Option<[u8; 32]>,
}

impl Reader {
    /// Open a file of *size* bytes; `read_at` fills a slice from an offset and must fill all of it.
    ///
    /// The last chunk is verified at once, so that a file that was cut is never opened.
    ///
    /// # Errors
    /// What `read_at` answers, and every [`Error`] about header, key and lengths.
    pub fn open<E: From<Error>>(
        keys: &Keys,
        size: u64,
        mut read_at: impl FnMut(u64, &mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        if size < (HEADER + PREFIX) as u64 {
            return Err(Error::Header.into());
        }
        let mut front = vec![0; HEADER + PREFIX];
        let mut tries = TRIES;
        let header = loop {
            read_at(0, &mut front)?;
            tries -= 1;
            match Header::parse(&front) {
                Err(_) if tries > 0 => {}
                parsed => break parsed?,
            }
        };
        let secret = keys.open(header)?;
        let cipher = secret.resume(&front[HEADER..])?;
        let size = plain_size(size)?;
        let digest = secret.digest()?;
        let reader = Self {
            secret,
            cipher,
            size,
            digest,
        };
        let last = size / CHUNK as u64;
        let mut sealed = vec![0; usize::try_from(size % CHUNK as u64).unwrap_or(0) + 16];
        read_at(chunk_offset(last), &mut sealed)?;
        reader.cipher.open(last, &mut sealed)?;
        Ok(reader)
    }

    /// Plain bytes in the file.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// BLAKE3 of the plain bytes, as the header has it.
    #[must_use]
    pub fn digest(&self) -> Option<[u8; 32]> {
        self.digest
    }

    /// The file's key, for a header under another version of the vault's.
    #[must_use]
    pub fn into_secret(self) -> Secret {
        self.secret
    }

    /// Fill *buffer* from plain offset *offset*; returns how much there was before the end.
    ///
    /// # Errors
    /// What `read_at` answers, [`Error::Damaged`].
    pub fn read<E: From<Error>>(
        &self,
        offset: u64,
        buffer: &mut [u8],
        mut read_at: impl FnMut(u64, &mut [u8]) -> Result<(), E>,
    ) -> Result<usize, E> {
        let end = offset.saturating_add(buffer.len() as u64).min(self.size);
        if offset >= end {
            return Ok(0);
        }
        let (mut next, last) = (offset / CHUNK as u64, (end - 1) / CHUNK as u64);
        let mut sealed = Vec::new();
        let mut filled = 0;
        while next <= last {
            let stop = (next + AT_ONCE).min(last + 1);
            let length = self.place_after(stop) - chunk_offset(next);
            sealed.resize(usize::try_from(length).unwrap_or(usize::MAX), 0);
            read_at(chunk_offset(next), &mut sealed)?;
            for (number, chunk) in (next..).zip(sealed.chunks_mut(SEALED_CHUNK)) {
                let plain = self.cipher.open(number, chunk)?;
                let skip = usize::try_from(offset.saturating_sub(number * CHUNK as u64)).unwrap_or(0);
                let part = plain.get(skip..).unwrap_or_default();
                let count = part.len().min(buffer.len() - filled);
                buffer[filled..filled + count].copy_from_slice(&part[..count]);
                filled += count;
            }
            next = stop;
        }
        Ok(filled)
    }

    /// Where the chunk before *number* ends in the file.
    fn place_after(&self, number: u64) -> u64 {
        chunk_offset(number).min(sealed_size(self.size))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Reader;
    use crate::error::{Error, Result};
    use crate::header::HEADER;
    use crate::keys::Keys;
    use crate::message::{CHUNK, Encryptor, SEALED_CHUNK, chunk_offset, plain_size, sealed_size};

    fn keys() -> Keys {
        Keys::new([9; 16], &[1; 32], &[(1, [2; 32])]).unwrap()
    }

    fn sample(size: usize) -> Vec<u8> {
        (0..size)
            .map(|index| (index * 7 + (index >> 9)).to_le_bytes()[0])
            .collect()
    }

    fn sealed(plain: &[u8], piece: usize) -> Vec<u8> {
        let mut secret = keys().fresh().unwrap();
        secret.set_digest(&[5; 32]).unwrap();
        let mut encryptor = Encryptor::new(secret.begin().unwrap(), 0, Vec::new()).unwrap();
        let mut file = secret.header().bytes().to_vec();
        file.extend(encryptor.prefix());
        let mut put = |bytes: &[u8]| -> Result<()> {
            file.extend(bytes);
            Ok(())
        };
        for part in plain.chunks(piece) {
            encryptor.update(part, &mut put).unwrap();
        }
        encryptor.finish(&mut put).unwrap();
        file
    }

    fn at(file: &[u8]) -> impl FnMut(u64, &mut [u8]) -> Result<()> {
        |offset, buffer| {
            let start = usize::try_from(offset).unwrap();
            let there = file.get(start..start + buffer.len()).ok_or(Error::Damaged)?;
            buffer.copy_from_slice(there);
            Ok(())
        }
    }

    fn whole(file: &[u8]) -> Result<Vec<u8>> {
        let reader = Reader::open(&keys(), file.len() as u64, at(file))?;
        let mut plain = vec![0; usize::try_from(reader.size()).unwrap()];
        let count = reader.read(0, &mut plain, at(file))?;
        assert_eq!(count, plain.len());
        Ok(plain)
    }

    #[test]
    fn sizes_at_every_edge_come_back() {
        for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5] {
            let (plain, length) = (sample(size), size as u64);
            let file = sealed(&plain, 1000);
            assert_eq!(file.len() as u64, sealed_size(length));
            assert_eq!(plain_size(file.len() as u64), Ok(length));
            assert_eq!(whole(&file).unwrap(), plain);
        }
    }

    #[test]
    fn a_file_that_was_cut_is_never_opened() {
        let file = sealed(&sample(2 * CHUNK + 100), CHUNK);
        for length in 0..file.len() {
            let cut = Reader::open(&keys(), length as u64, at(&file[..length]));
            assert!(cut.is_err(), "{length}");
        }
        let longer = [&file[..], &[0]].concat();
        assert!(whole(&longer).is_err());
    }

    #[test]
    fn chunks_keep_their_places() {
        let plain = sample(3 * CHUNK + 9);
        let mut file = sealed(&plain, CHUNK);
        let start = usize::try_from(chunk_offset(0)).unwrap();
        let (first, second) = file[start..start + 2 * SEALED_CHUNK].split_at_mut(SEALED_CHUNK);
        first.swap_with_slice(second);
        assert_eq!(whole(&file), Err(Error::Damaged));
        let other = sealed(&plain, CHUNK);
        let mut mixed = sealed(&plain, CHUNK);
        mixed[start..start + SEALED_CHUNK].copy_from_slice(&other[start..start + SEALED_CHUNK]);
        assert_eq!(whole(&mixed), Err(Error::Damaged));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_range_is_that_of_the_plain_bytes(
            size in 0..70_000_usize, piece in 1..40_000_usize, offset in 0..80_000_u64, length in 0..70_000_usize,
        ) {
            let plain = sample(size);
            let file = sealed(&plain, piece);
            let reader = Reader::open(&keys(), file.len() as u64, at(&file)).unwrap();
            let mut buffer = vec![0; length];
            let count = reader.read(offset, &mut buffer, at(&file)).unwrap();
            let start = usize::try_from(offset).unwrap().min(size);
            prop_assert_eq!(&buffer[..count], &plain[start..(start + length).min(size)]);
            prop_assert_eq!(reader.digest(), Some([5; 32]));
        }

        #[test]
        fn every_changed_byte_is_noticed(size in 0..40_000_usize, where_: prop::sample::Index, bit in 0..8_u8) {
            let mut file = sealed(&sample(size), CHUNK);
            let at = where_.index(file.len());
            file[at] ^= 1_u8 << bit;
            prop_assert!(whole(&file).is_err());
        }

        #[test]
        fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..2 * HEADER)) {
            prop_assert!(whole(&bytes).is_err());
        }
    }
}
