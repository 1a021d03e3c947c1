//! What one name held at the moment of asking.

use std::ffi::OsString;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, Statx, StatxFlags, StatxTimestamp, statx};
use rustix::io::Errno;
use rustix::path::Arg;

/// What a directory entry is; links are never followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
    /// A device, socket or pipe.
    Other,
}

impl Kind {
    /// The word used outside.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::File => "file",
            Self::Symlink => "symlink",
            Self::Other => "other",
        }
    }
}

impl From<FileType> for Kind {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Symlink,
            _ => Self::Other,
        }
    }
}

/// One entry with the facts of its inode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Last component; empty for the root.
    pub name: OsString,
    /// What it is.
    pub kind: Kind,
    /// Bytes, 0 for anything but files.
    pub size: u64,
    /// Last change of the contents, ns since the epoch.
    pub mtime_ns: i64,
    /// Last change of the inode, ns since the epoch.
    pub ctime_ns: i64,
    /// Birth, ns since the epoch; 0 where the file system has none.
    pub btime_ns: i64,
    /// Inode number.
    pub ino: u64,
}

impl Entry {
    /// Whether *other* is the same inode with the same bytes, as far as size and mtime tell.
    #[must_use]
    pub fn same_contents(&self, other: &Self) -> bool {
        self.ino == other.ino
            && self.kind == other.kind
            && self.size == other.size
            && self.mtime_ns == other.mtime_ns
    }
}

const WANTED: StatxFlags = StatxFlags::BASIC_STATS.union(StatxFlags::BTIME);

/// What *name* in the directory *dir* holds.
///
/// # Errors
/// What statx answers.
pub fn entry_at(dir: impl AsFd, name: impl Arg + Into<OsString> + Copy) -> Result<Entry, Errno> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    Ok(from_statx(name.into(), &statx(dir, name, flags, WANTED)?))
}

/// What the open descriptor *fd* is, under the given name.
///
/// # Errors
/// What statx answers.
pub fn entry_of(fd: impl AsFd, name: impl Into<OsString>) -> Result<Entry, Errno> {
    Ok(from_statx(
        name.into(),
        &statx(fd, c"", AtFlags::EMPTY_PATH, WANTED)?,
    ))
}

fn from_statx(name: OsString, stat: &Statx) -> Entry {
    let kind = Kind::from(FileType::from_raw_mode(u32::from(stat.stx_mode)));
    let born = StatxFlags::from_bits_retain(stat.stx_mask).contains(StatxFlags::BTIME);
    Entry {
        name,
        kind,
        size: if kind == Kind::File { stat.stx_size } else { 0 },
        mtime_ns: nanoseconds(stat.stx_mtime),
        ctime_ns: nanoseconds(stat.stx_ctime),
        btime_ns: if born { nanoseconds(stat.stx_btime) } else { 0 },
        ino: stat.stx_ino,
    }
}

fn nanoseconds(time: StatxTimestamp) -> i64 {
    time.tv_sec
        .saturating_mul(1_000_000_000)
        .saturating_add(i64::from(time.tv_nsec))
}
