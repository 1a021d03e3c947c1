//! The names of one directory in one order, small enough to keep.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use balu_paths::{Entry, Kind, PRIVATE, entry_at, read_dir};
use rustix::io::Errno;

use crate::order::{Sort, append_key, extension, fold};

/// One name: where its bytes and its key lie in the arena, and what it was sorted by.
#[derive(Clone, Copy, Debug)]
struct Slot {
    name: (u32, u16),
    key: (u32, u16),
    weight: i64,
    kind: Kind,
}

/// A sorted directory. Holds names only; sizes and times are asked for when a window is shown.
#[derive(Debug)]
pub struct Snapshot {
    arena: Vec<u8>,
    slots: Vec<Slot>,
    /// Digest of the set of names.
    pub names: u64,
}

impl Snapshot {
    /// Read and sort the open directory *dir*; *hide* leaves the private folder out.
    pub fn read(dir: impl AsFd, sort: Sort, descending: bool, hide: bool) -> Result<Self, Errno> {
        let dir = dir.as_fd();
        let mut snapshot = Self {
            arena: Vec::new(),
            slots: Vec::new(),
            names: 0,
        };
        let weighed = matches!(sort, Sort::Size | Sort::Modified);
        read_dir(dir, |item| {
            if hide && item.name == PRIVATE {
                return Ok(());
            }
            let entry = match item.kind {
                Some(_) if !weighed => None,
                _ => match entry_at(dir, item.name) {
                    Err(Errno::NOENT) => return Ok(()),
                    outcome => Some(outcome?),
                },
            };
            let kind = entry
                .as_ref()
                .map_or(item.kind.unwrap_or(Kind::Other), |entry| entry.kind);
            let weight = match (sort, &entry) {
                (Sort::Size, Some(entry)) => i64::try_from(entry.size).unwrap_or(i64::MAX),
                (Sort::Modified, Some(entry)) => entry.mtime_ns,
                _ => 0,
            };
            snapshot.add(item.name.as_bytes(), kind, weight, sort);
            Ok(())
        })?;
        snapshot.sort(sort, descending);
        Ok(snapshot)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Bytes this snapshot occupies.
    pub fn weight(&self) -> usize {
        self.arena.len() + self.slots.len() * size_of::<Slot>()
    }

    /// Name and kind at *index*.
    pub fn get(&self, index: usize) -> Option<(&OsStr, Kind)> {
        self.slots
            .get(index)
            .map(|slot| (OsStr::from_bytes(self.part(slot.name)), slot.kind))
    }

    /// What the entry at *index* was sorted by still holds.
    pub fn agrees(&self, index: usize, sort: Sort, entry: &Entry) -> bool {
        self.slots.get(index).is_some_and(|slot| {
            slot.kind == entry.kind
                && match sort {
                    Sort::Size => i64::try_from(entry.size) == Ok(slot.weight),
                    Sort::Modified => entry.mtime_ns == slot.weight,
                    Sort::Name | Sort::Type => true,
                }
        })
    }

    /// Indices of the names that hold *needle*, case ignored.
    pub fn matching(&self, needle: &OsStr) -> Vec<usize> {
        let needle = fold(needle.as_bytes());
        let holds = |name: &[u8]| {
            let folded = fold(name);
            needle.is_empty() || folded.windows(needle.len()).any(|window| window == needle)
        };
        (0..self.slots.len())
            .filter(|index| holds(self.part(self.slots[*index].name)))
            .collect()
    }

    fn add(&mut self, name: &[u8], kind: Kind, weight: i64, sort: Sort) {
        let name_at = self.append(|arena| arena.extend_from_slice(name));
        let key_at = self.append(|arena| {
            if sort == Sort::Type && kind != Kind::Directory {
                arena.extend_from_slice(&fold(extension(name)));
                arena.push(0);
            }
            append_key(arena, name);
        });
        // Addition does not depend on the order the disk lists names in.
        let digest = blake3::hash(name);
        let head = digest.as_bytes().first_chunk::<8>().copied().unwrap_or_default();
        self.names = self.names.wrapping_add(u64::from_le_bytes(head));
        self.slots.push(Slot {
            name: name_at,
            key: key_at,
            weight,
            kind,
        });
    }

    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> (u32, u16) {
        let start = self.arena.len();
        write(&mut self.arena);
        // 4 GiB of names in one directory do not fit on any file system Balu runs on.
        let place = u32::try_from(start).unwrap_or(u32::MAX);
        (place, u16::try_from(self.arena.len() - start).unwrap_or(u16::MAX))
    }

    fn part(&self, (start, length): (u32, u16)) -> &[u8] {
        let start = start as usize;
        self.arena
            .get(start..start + usize::from(length))
            .unwrap_or_default()
    }

    fn sort(&mut self, sort: Sort, descending: bool) {
        let mut slots = std::mem::take(&mut self.slots);
        let by_name = |a: &Slot, b: &Slot| {
            self.part(a.key)
                .cmp(self.part(b.key))
                .then_with(|| self.part(a.name).cmp(self.part(b.name)))
        };
        let turned = |order: Ordering| if descending { order.reverse() } else { order };
        slots.sort_unstable_by(|a, b| {
            let folders = (a.kind != Kind::Directory).cmp(&(b.kind != Kind::Directory));
            folders.then_with(|| match sort {
                Sort::Name | Sort::Type => turned(by_name(a, b)),
                Sort::Size | Sort::Modified => turned(a.weight.cmp(&b.weight)).then_with(|| by_name(a, b)),
            })
        });
        self.slots = slots;
    }
}
