//! Names: AES-SIV (RFC 5297) with a 512-bit key, written in base32, so that every file system keeps them.

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;

use crate::error::{Error, Result};

/// Longest plain name in bytes: 16 more for the tag, eight fifths for base32, 255 in all.
pub const LONGEST_NAME: usize = 143;

const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const TAG: usize = 16;

/// Encrypts the names of one vault. The same name always gives the same result.
pub struct Names {
    key: zeroize::Zeroizing<[u8; 64]>,
    vault: [u8; 16],
}

impl Names {
    pub(crate) fn new(key: &[u8; 64], vault: [u8; 16]) -> Self {
        Self {
            key: zeroize::Zeroizing::new(*key),
            vault,
        }
    }

    /// The name as it stands on the disk: lower-case letters and the digits 2 to 7.
    ///
    /// # Errors
    /// [`Error::NameTooLong`] beyond [`LONGEST_NAME`] bytes.
    pub fn seal(&self, name: &[u8]) -> Result<String> {
        if name.len() > LONGEST_NAME {
            return Err(Error::NameTooLong);
        }
        let sealed = self
            .siv()
            .encrypt([&self.vault[..]], name)
            .map_err(|_| Error::Damaged)?;
        Ok(base32(&sealed))
    }

    /// The plain name, none for what is no name of this vault.
    #[must_use]
    pub fn open(&self, name: &[u8]) -> Option<Vec<u8>> {
        let sealed = unbase32(name)?;
        if sealed.len() < TAG {
            return None;
        }
        self.siv().decrypt([&self.vault[..]], &sealed).ok()
    }

    fn siv(&self) -> Aes256Siv {
        Aes256Siv::new((&*self.key).into())
    }
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity((bytes.len() * 8).div_ceil(5));
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

fn letter(value: u32) -> char {
    char::from(LETTERS[(value & 31) as usize])
}

/// None for other letters, and for bits at the end that no encoder leaves.
fn unbase32(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in text {
        let value = match byte {
            b'a'..=b'z' => byte - b'a',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        held = ((held << 5) | u32::from(value)) & 0xFFFF;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(((held >> bits) & 0xFF).to_le_bytes()[0]);
        }
    }
    let is_clean = bits < 5 && held & ((1 << bits) - 1) == 0;
    is_clean.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LONGEST_NAME, Names, base32, unbase32};
    use crate::error::Error;

    fn names(vault: u8) -> Names {
        Names::new(&[7; 64], [vault; 16])
    }

    proptest! {
        #[test]
        fn a_name_comes_back_and_fits(name in prop::collection::vec(any::<u8>(), 1..=LONGEST_NAME)) {
            let sealed = names(1).seal(&name).unwrap();
            prop_assert!(sealed.len() <= 255);
            prop_assert_eq!(names(1).open(sealed.as_bytes()), Some(name));
            prop_assert_eq!(names(2).open(sealed.as_bytes()), None);
        }

        #[test]
        fn base32_has_one_spelling(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(unbase32(base32(&bytes).as_bytes()), Some(bytes));
        }

        #[test]
        fn other_names_are_none_of_ours(name in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(names(1).open(&name), None);
        }
    }

    #[test]
    fn a_longer_name_is_refused() {
        assert_eq!(names(1).seal(&[b'x'; LONGEST_NAME + 1]), Err(Error::NameTooLong));
        assert_eq!(base32(b"foobar"), "mzxw6ytboi");
        assert_eq!(unbase32(b"mzxw6ytbo"), None);
    }
}
