//! Which names may exist, decided before the kernel is asked.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::{NameRefusal, Result};

/// The volume's own folder at its root.
pub const PRIVATE: &str = ".balu";

/// Longest component in bytes, as Linux file systems have it.
const NAME_MAX: usize = 255;

/// Refuse a component that cannot be a name of its own.
///
/// # Errors
/// The first rule it breaks.
pub fn check_name(name: &OsStr) -> Result<(), NameRefusal> {
    let bytes = name.as_bytes();
    match bytes {
        [] => Err(NameRefusal::Empty),
        b"." | b".." => Err(NameRefusal::Dots),
        _ if bytes.contains(&0) => Err(NameRefusal::Nul),
        _ if bytes.contains(&b'/') => Err(NameRefusal::Empty),
        _ if bytes.len() > NAME_MAX => Err(NameRefusal::TooLong),
        _ => Ok(()),
    }
}

/// Split a relative path into its components; the root has none.
///
/// # Errors
/// `NameRefusal` for a component that cannot exist, or the volume's own folder at the root.
pub fn components(path: &OsStr) -> Result<Vec<&OsStr>> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let parts: Vec<&OsStr> = path
        .as_bytes()
        .split(|byte| *byte == b'/')
        .map(OsStr::from_bytes)
        .collect();
    for part in &parts {
        check_name(part)?;
    }
    if is_private(parts[0]) {
        return Err(NameRefusal::Private.into());
    }
    Ok(parts)
}

/// Whether a file system that ignores case, or characters that do not show, could take *name* for
/// the private folder. Case folding reaches these five letters from ASCII only, so everything else
/// counts as a character that may be ignored.
fn is_private(name: &OsStr) -> bool {
    let ascii = name.as_bytes().iter().filter(|byte| byte.is_ascii());
    ascii.map(u8::to_ascii_lowercase).eq(PRIVATE.bytes())
}

/// *name* inside *dir*, where the empty *dir* is the root.
#[must_use]
pub fn join(dir: &OsStr, name: &OsStr) -> OsString {
    if dir.is_empty() {
        return name.to_owned();
    }
    let mut path = OsString::with_capacity(dir.len() + 1 + name.len());
    path.push(dir);
    path.push("/");
    path.push(name);
    path
}

#[cfg(test)]
mod tests {
    use super::{check_name, components};
    use crate::{Error, NameRefusal};
    use proptest::prelude::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    fn refusal(path: &[u8]) -> Option<NameRefusal> {
        match components(OsStr::from_bytes(path)) {
            Err(Error::Name(refusal)) => Some(refusal),
            Ok(_) | Err(_) => None,
        }
    }

    #[test]
    fn impossible_paths_are_refused_by_name() {
        let table: [(&[u8], NameRefusal); 12] = [
            (b"/etc", NameRefusal::Empty),
            (b"a//b", NameRefusal::Empty),
            (b"a/", NameRefusal::Empty),
            (b"..", NameRefusal::Dots),
            (b"a/../b", NameRefusal::Dots),
            (b"./a", NameRefusal::Dots),
            (b"a\0b", NameRefusal::Nul),
            (&[b'x'; 256], NameRefusal::TooLong),
            (b".balu", NameRefusal::Private),
            (b".BaLu/staging", NameRefusal::Private),
            (".ba\u{200d}lu".as_bytes(), NameRefusal::Private),
            (b".balu\xff", NameRefusal::Private),
        ];
        for (path, expected) in table {
            assert_eq!(refusal(path), Some(expected), "{path:?}");
        }
    }

    #[test]
    fn odd_but_possible_paths_are_taken() {
        let full = [b'x'; 255];
        for path in [
            &b"a/.balu"[..],
            b"...",
            b"a b",
            b"\xff\xfe",
            b".balu2",
            &full,
            b"-rf",
            b"a\\b",
            b"...",
        ] {
            assert_eq!(refusal(path), None, "{path:?}");
        }
        assert!(components(OsStr::new("")).is_ok_and(|parts| parts.is_empty()));
    }

    proptest! {
        #[test]
        fn what_is_taken_joins_back_and_has_no_way_up(path in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(parts) = components(OsStr::from_bytes(&path)) {
                let joined = parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>().join(&b'/');
                prop_assert_eq!(&joined, &path);
                for part in parts {
                    prop_assert!(check_name(part).is_ok());
                    prop_assert!(part != ".." && part != "." && !part.as_bytes().contains(&0));
                }
            }
        }
    }
}
