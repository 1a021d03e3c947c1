//! Parts of a staged file that outlives its requests: appended in order, or chunks in any order.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;

use balu_paths::{Entry, entry_of, failpoint, open_file};
use balu_vault::{CHUNK, Keys, chunk_offset, sealed_size};
use rustix::fs::{AtFlags, Mode, OFlags, fsync, ftruncate, openat, unlinkat};
use rustix::io::Errno;

use crate::block::PAGE;
use crate::check::Algorithm;
use crate::lock::{lock_range, unlock};
use crate::plain::read_exactly;
use crate::plain::{Plain, write_exactly};
use crate::sealing::{self, Sealing, errno_of};
use crate::sink::{DIRECT, Options, Sink, reserve};
use crate::tree::{SPAN, Tree, gaps, root, unpack};
use crate::writer::Writer;

/// Where the bytes of one request go.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Where the first byte belongs.
    pub offset: u64,
    /// How many are expected, if that is known.
    pub length: Option<u64>,
    /// Length of the whole file, 0 when it is not known yet.
    pub whole: u64,
    /// Spans that cover the beginning, when the part goes on after them; none for a chunk of its own.
    pub after: Option<&'a [u8]>,
    /// A digest of these bytes alone.
    pub check: Option<Algorithm>,
    /// Keys of the vault the file was allocated for. Offsets and lengths are those of the plain bytes; a
    /// chunk of its own begins at a multiple of 16 KiB.
    pub keys: Option<&'a Keys>,
}

/// Bytes on their way into a range of a staged file, which nobody else may write meanwhile.
pub struct Part {
    sink: Sink,
    first: u64,
}

/// What a part came to.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Where the next byte belongs; everything before it that this part wrote is durable.
    pub offset: u64,
    /// Subtrees to keep.
    pub spans: Vec<u8>,
    /// The digest that was asked for, in hex.
    pub check: Option<String>,
}

impl Part {
    /// Open the staged file *name* for a range of it.
    ///
    /// # Errors
    /// EAGAIN while somebody else writes there; ENOENT; EINVAL when the file is shorter than *offset*.
    pub fn open(dir: OwnedFd, name: &OsStr, place: Place<'_>) -> Result<Self, Errno> {
        let (file, entry) = open_file(&dir, name, OFlags::RDWR)?;
        lock_range(
            &file,
            place.offset,
            place.after.is_none().then_some(place.length).flatten(),
        )?;
        let (spans, kept) = sealing::split(place.after.unwrap_or_default());
        let plain = Plain::of(&file, place.keys, kept, place.offset)?;
        if place.after.is_some() && entry.size < plain.needs(place.offset) {
            return Err(Errno::INVAL);
        }
        let tree = if place.after.is_none() {
            Tree::new(place.offset, place.whole)
        } else {
            plain.tree(spans, place.offset, place.whole)?
        };
        let mut writer = Writer::part(tree, place.check);
        if let Some(keys) = place.keys {
            writer = writer.sealed(Sealing::resume(&file, keys, place.offset, plain.tail)?);
        }
        let large = place.length.is_some_and(|length| length >= DIRECT) && place.keys.is_none();
        if large && place.offset.is_multiple_of(PAGE as u64) {
            writer.try_direct(&file);
        }
        let options = Options {
            size: place.length,
            ..Options::default()
        };
        Ok(Self {
            sink: Sink::over(dir, name.to_owned(), file, writer, options),
            first: place.offset,
        })
    }

    /// Bytes taken so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.sink.received()
    }

    /// As [`Sink::push`].
    ///
    /// # Errors
    /// As there.
    pub fn push(&self, data: &[u8]) -> Result<bool, Errno> {
        self.sink.push(data)
    }

    /// As [`Sink::drain`].
    ///
    /// # Errors
    /// As there.
    pub fn drain(&self) -> Result<(), Errno> {
        self.sink.drain()
    }

    /// Sync what is written so far; bytes may be pushed meanwhile. Returns the durable offset and spans.
    ///
    /// # Errors
    /// What the disk answers; then the part is over.
    pub fn sync(&self) -> Result<(u64, Vec<u8>), Errno> {
        self.sink.sync()
    }

    /// Write what is left and sync it.
    ///
    /// # Errors
    /// What the disk answers; then everything since the last [`Part::sync`] is as if it never came.
    pub fn end(&self) -> Result<Ended, Errno> {
        let (offset, spans, check) = self.sink.end()?;
        debug_assert_eq!(offset, self.first + self.received());
        Ok(Ended { offset, spans, check })
    }

    /// Stop; when it returns nothing writes any more, and another part may write there.
    pub fn halt(&self) {
        self.sink.halt();
        unlock(self.sink.file());
    }

    /// Take *length* bytes of another staged file.
    ///
    /// # Errors
    /// What the disk answers, EIO when the other file is shorter.
    pub fn append_from(&self, dir: &OwnedFd, name: &OsStr, length: u64) -> Result<(), Errno> {
        let (source, _) = open_file(dir, name, OFlags::RDONLY)?;
        let mut buffer = vec![0; 1 << 20];
        let mut at = 0;
        while at < length {
            let wanted = usize::try_from(length - at)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            read_exactly(&source, at, &mut buffer[..wanted])?;
            if !self.push(&buffer[..wanted])? {
                self.drain()?;
            }
            at += wanted as u64;
        }
        Ok(())
    }
}

/// Create a staged file of its final length; holes instead of reserved blocks when it is *sparse*. With
/// *keys* it has room for *size* plain bytes, and a key of its own.
///
/// # Errors
/// EEXIST; ENOSPC, EDQUOT or EFBIG when there is no room, and then nothing is left.
pub fn allocate(
    dir: &OwnedFd,
    name: &OsStr,
    size: Option<u64>,
    sparse: bool,
    keys: Option<&Keys>,
) -> Result<Entry, Errno> {
    failpoint("stage")?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(dir, name, flags, Mode::RUSR | Mode::WUSR)?;
    let (size, front) = match keys {
        None => (size.unwrap_or(0), Vec::new()),
        Some(keys) => (sealed_size(size.unwrap_or(0)), sealing::front(keys)?),
    };
    let made = if size > 0 && !sparse {
        reserve(&file, size)
    } else {
        Ok(())
    };
    let made = made.and_then(|()| ftruncate(&file, size)).and_then(|()| {
        write_exactly(&file, 0, &front)?;
        fsync(&file)?;
        // The name itself must be there after a power cut: offsets told later rely on it.
        fsync(dir)
    });
    if let Err(errno) = made {
        let _ = unlinkat(dir, name, AtFlags::empty());
        return Err(errno);
    }
    entry_of(&file, OsString::from(name))
}

/// Cut a complete staged file to *size*, sync it, and find its BLAKE3 from *spans*.
///
/// What no span covers is read again, at most *most* bytes of it: beyond that there is no hash. With
/// *keys* the last chunk and the header are written first; sizes and the hash are those of the plain bytes.
///
/// # Errors
/// What the disk answers; EIO when the file is shorter than *size*.
pub fn seal(
    dir: &OwnedFd,
    name: &OsStr,
    size: u64,
    spans: &[u8],
    most: u64,
    keys: Option<&Keys>,
) -> Result<(Entry, Option<String>), Errno> {
    let (file, entry) = open_file(dir, name, OFlags::RDWR)?;
    lock_range(&file, 0, None)?;
    let (spans, kept) = sealing::split(spans);
    let plain = Plain::of(&file, keys, kept, size)?;
    if entry.size < plain.needs(size) {
        return Err(Errno::IO);
    }
    let spans = unpack(spans);
    let missing: u64 = gaps(&spans, size).iter().map(|(from, to)| to - from).sum();
    let hash = if missing > most.max(SPAN) {
        None
    } else {
        Some(root(&spans, size, &mut |offset, buffer: &mut [u8]| {
            plain.read(offset, buffer)
        })?)
    };
    if let Some(keys) = keys {
        let (mut secret, _) = sealing::secret(&file, keys)?;
        write_exactly(&file, chunk_offset(size / CHUNK as u64), &plain.last_chunk(size)?)?;
        if let Some(hash) = &hash {
            secret.set_digest(hash.as_bytes()).map_err(errno_of)?;
            write_exactly(&file, 0, &secret.header().bytes()[..])?;
        }
    }
    let on_disk = keys.map_or(size, |_| sealed_size(size));
    if entry.size > on_disk {
        failpoint("truncate")?;
        ftruncate(&file, on_disk)?;
    }
    failpoint("fsync")?;
    fsync(&file)?;
    let hash = hash.map(|hash| hash.to_hex().to_string());
    Ok((entry_of(&file, OsString::from(name))?, hash))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use proptest::prelude::*;
    use rustix::io::Errno;

    use super::{Algorithm, Part, Place, SPAN, allocate, seal};

    fn dir(path: &Path) -> OwnedFd {
        fs::File::open(path).unwrap().into()
    }

    fn name() -> &'static OsStr {
        OsStr::new("upload")
    }

    fn at<'a>(offset: u64, after: Option<&'a [u8]>, bytes: &[u8], whole: u64) -> Place<'a> {
        let length = Some(bytes.len() as u64);
        Place {
            offset,
            length,
            whole,
            after,
            check: None,
            keys: None,
        }
    }

    fn sample(size: usize) -> Vec<u8> {
        (0..size)
            .map(|index| (index * 7 + (index >> 11)).to_le_bytes()[0])
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn appended_with_restarts_the_file_and_its_hash_are_those_of_one_shot(
            size in 0..3_000_000_usize,
            cuts in prop::collection::vec(0..3_000_000_usize, 0..4),
            is_known: bool,
        ) {
            let (folder, bytes) = (tempfile::tempdir().unwrap(), sample(size));
            let whole = if is_known { size as u64 } else { 0 };
            allocate(&dir(folder.path()), name(), is_known.then_some(whole), false, None).unwrap();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(size)).chain([size]).collect();
            cuts.sort_unstable();
            let (mut state, mut done) = (Vec::new(), 0);
            for cut in cuts {
                let place = at(done as u64, Some(&state), &bytes[done..cut], whole);
                let part = Part::open(dir(folder.path()), name(), place).unwrap();
                for piece in bytes[done..cut].chunks(99_999) {
                    if !part.push(piece).unwrap() {
                        part.drain().unwrap();
                    }
                    if piece[0].is_multiple_of(5) {
                        part.sync().unwrap();
                    }
                }
                let ended = part.end().unwrap();
                prop_assert_eq!(ended.offset, cut as u64);
                (state, done) = (ended.spans, cut);
            }
            let (entry, hash) = seal(&dir(folder.path()), name(), size as u64, &state, 0, None).unwrap();
            prop_assert_eq!(entry.size, size as u64);
            prop_assert_eq!(hash.unwrap(), blake3::hash(&bytes).to_hex().to_string());
            prop_assert_eq!(fs::read(folder.path().join("upload")).unwrap(), bytes);
        }
    }

    #[test]
    fn chunks_beside_each_other_make_one_file_past_the_page_cache_too() {
        let chunk = 17 << 20;
        let (folder, bytes) = (tempfile::tempdir().unwrap(), sample(2 * chunk + 12_345));
        let whole = bytes.len() as u64;
        allocate(&dir(folder.path()), name(), Some(whole), false, None).unwrap();
        let pieces: Vec<(usize, &[u8])> = bytes.chunks(chunk).enumerate().rev().collect();
        let parts: Vec<Part> = pieces
            .iter()
            .map(|(number, piece)| {
                let mut place = at((number * chunk) as u64, None, piece, whole);
                place.check = Some(Algorithm::Sha256);
                Part::open(dir(folder.path()), name(), place).unwrap()
            })
            .collect();
        let mut spans = Vec::new();
        for (part, (_, piece)) in parts.iter().zip(&pieces) {
            for some in piece.chunks(1 << 20) {
                if !part.push(some).unwrap() {
                    part.drain().unwrap();
                }
            }
            let ended = part.end().unwrap();
            assert_eq!(ended.check.unwrap().len(), 64);
            spans.extend(ended.spans);
        }
        let busy = seal(&dir(folder.path()), name(), whole, &spans, 0, None);
        assert_eq!(busy.unwrap_err(), Errno::AGAIN);
        drop(parts);
        let (_, hash) = seal(&dir(folder.path()), name(), whole, &spans, 1 << 20, None).unwrap();
        assert_eq!(hash.unwrap(), blake3::hash(&bytes).to_hex().to_string());
        assert_eq!(fs::read(folder.path().join("upload")).unwrap(), bytes);
    }

    #[test]
    fn a_range_has_one_writer_until_it_is_halted() {
        let folder = tempfile::tempdir().unwrap();
        allocate(&dir(folder.path()), name(), None, false, None).unwrap();
        let first = Part::open(dir(folder.path()), name(), at(0, Some(b""), b"", 0)).unwrap();
        let second = || Part::open(dir(folder.path()), name(), at(0, Some(b""), b"", 0));
        first.push(b"lost").unwrap();
        assert_eq!(second().err(), Some(Errno::AGAIN));
        first.halt();
        assert_eq!(first.push(b"more"), Err(Errno::BADF));
        let part = second().unwrap();
        part.push(b"kept").unwrap();
        assert_eq!(part.end().unwrap().offset, 4);
        part.halt();
        part.halt();
        assert_eq!(fs::read(folder.path().join("upload")).unwrap(), b"kept");
    }

    #[test]
    fn a_hole_costs_no_room_and_too_many_of_them_no_time() {
        let folder = tempfile::tempdir().unwrap();
        let size = 1 << 40;
        allocate(&dir(folder.path()), name(), Some(size), true, None).unwrap();
        let (entry, hash) = seal(&dir(folder.path()), name(), size, b"", SPAN, None).unwrap();
        assert_eq!((entry.size, hash), (size, None));
    }
}
