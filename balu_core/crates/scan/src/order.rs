//! The order of names: case ignored, digit runs as numbers.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// What a listing is sorted by; directories always come first and ties fall back to the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Natural order of the names.
    Name,
    /// Bytes.
    Size,
    /// Time of last change.
    Modified,
    /// What follows the last dot, case ignored.
    Type,
}

/// Bytes whose plain comparison is the natural order of names.
///
/// Text is folded to lower case; a run of digits becomes `0`, the number of its digits without leading
/// zeros, and those digits, so that longer numbers sort after shorter ones. Bytes that are not UTF-8 stay.
#[must_use]
pub fn natural_key(name: &OsStr) -> Vec<u8> {
    let mut key = Vec::with_capacity(name.len() + 4);
    append_key(&mut key, name.as_bytes());
    key
}

pub(crate) fn append_key(key: &mut Vec<u8>, name: &[u8]) {
    let start = key.len();
    let mut rest = name;
    while let Some(&byte) = rest.first() {
        if byte.is_ascii_digit() {
            let run = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let zeros = rest[..run].iter().take_while(|byte| **byte == b'0').count();
            key.push(b'0');
            key.push(u8::try_from(run - zeros).unwrap_or(u8::MAX));
            key.extend_from_slice(&rest[zeros..run]);
            rest = &rest[run..];
        } else if byte.is_ascii() {
            key.push(byte.to_ascii_lowercase());
            rest = &rest[1..];
        } else {
            key.truncate(start);
            return append_folded(key, name);
        }
    }
}

/// The slow road for names beyond ASCII: fold first, then treat digits as above.
fn append_folded(key: &mut Vec<u8>, name: &[u8]) {
    let folded = fold(name);
    let mut rest = &folded[..];
    while !rest.is_empty() {
        let plain = rest.iter().take_while(|byte| !byte.is_ascii_digit()).count();
        key.extend_from_slice(&rest[..plain]);
        let run = rest[plain..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if run > 0 {
            append_key(key, &rest[plain..plain + run]);
        }
        rest = &rest[plain + run..];
    }
}

/// Lower case, with bytes that are not UTF-8 left alone.
pub(crate) fn fold(name: &[u8]) -> Vec<u8> {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let mut folded = Vec::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        folded.extend_from_slice(chunk.valid().to_lowercase().as_bytes());
        folded.extend_from_slice(chunk.invalid());
    }
    folded
}

/// What follows the last dot, empty for names without one or with only a leading one.
pub(crate) fn extension(name: &[u8]) -> &[u8] {
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if dot > 0 => &name[dot + 1..],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::{extension, natural_key};
    use proptest::prelude::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn digits_count_as_numbers_and_case_does_not_count() {
        let sorted = [
            "", " x", "a", "A1", "a2", "a10", "a10b", "A11", "b", "b007x", "b8", "É2", "é10", "z",
        ];
        let mut names = sorted.to_vec();
        names.reverse();
        names.sort_by_key(|name| natural_key(OsStr::new(name)));
        let expected = [
            "", " x", "a", "A1", "a2", "a10", "a10b", "A11", "b", "b007x", "b8", "z", "É2", "é10",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn an_extension_needs_a_name_before_it() {
        for (name, expected) in [
            ("a.TXT", "TXT"),
            (".profile", ""),
            ("a", ""),
            ("a.", ""),
            ("a.b.c", "c"),
        ] {
            assert_eq!(extension(name.as_bytes()), expected.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn numbers_sort_by_value(a in any::<u64>(), b in any::<u64>(), zeros in 0_usize..4) {
            let key = |text: String| natural_key(OsStr::new(&text));
            let padded = format!("f{}{b}.txt", "0".repeat(zeros));
            prop_assert_eq!(key(format!("F{a}.txt")).cmp(&key(padded)), a.cmp(&b));
        }

        #[test]
        fn any_bytes_have_a_key(name in prop::collection::vec(any::<u8>(), 0..300)) {
            let upper = name.to_ascii_uppercase();
            let key = |bytes: &[u8]| natural_key(OsStr::from_bytes(bytes));
            prop_assert_eq!(key(&name), key(&upper));
        }
    }
}
