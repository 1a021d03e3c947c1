//! One directory tree behind one descriptor, resolved with openat2.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, open, openat2};
use rustix::io::Errno;

use crate::entry::{Entry, Kind, entry_of};
use crate::error::{Error, NameRefusal, Result};
use crate::name::components;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

const CONFINED: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// The kernel answers EAGAIN when a rename runs beside the walk and it cannot prove confinement.
const RETRIES: usize = 16;

/// Bytes of path handed to the kernel at once, below its limit of 4096.
const STRIDE: usize = 4000;

/// A directory tree; nothing outside it can be reached through this value.
#[derive(Debug)]
pub struct Root {
    fd: OwnedFd,
    dev: u64,
    ino: u64,
}

impl Root {
    /// Open the directory at *path*, which may be reached through links.
    ///
    /// # Errors
    /// ENOENT, ENOTDIR, EACCES.
    pub fn open(path: &Path) -> Result<Self> {
        let fail = |errno| Error::system(errno, path);
        let fd = open(path, DIRECTORY, Mode::empty()).map_err(fail)?;
        let stat = rustix::fs::fstat(&fd).map_err(fail)?;
        Ok(Self {
            fd,
            dev: stat.st_dev,
            ino: stat.st_ino,
        })
    }

    /// Whether *path* still leads to this directory.
    #[must_use]
    pub fn is_at(&self, path: &Path) -> bool {
        rustix::fs::statat(CWD, path, rustix::fs::AtFlags::empty())
            .is_ok_and(|stat| stat.st_dev == self.dev && stat.st_ino == self.ino)
    }

    /// Device number of the tree, part of every cache key.
    #[must_use]
    pub fn dev(&self) -> u64 {
        self.dev
    }

    /// What *path* holds.
    ///
    /// # Errors
    /// A refused name, or what the kernel answers.
    pub fn stat(&self, path: &OsStr) -> Result<Entry> {
        let parts = components(path)?;
        let name = parts.last().copied().unwrap_or_default();
        let fd = self.walk(path, &parts, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC)?;
        entry_of(&fd, name).map_err(|errno| Error::system(errno, path))
    }

    /// Open the directory at *path* for listing and syncing.
    ///
    /// # Errors
    /// A refused name, or what the kernel answers.
    pub fn dir(&self, path: &OsStr) -> Result<OwnedFd> {
        let parts = components(path)?;
        self.walk(path, &parts, DIRECTORY)
    }

    /// Open the directory that holds *path* and tell the last name.
    ///
    /// # Errors
    /// A refused name, the root itself, or what the kernel answers.
    pub fn parent<'a>(&self, path: &'a OsStr) -> Result<(OwnedFd, &'a OsStr)> {
        let mut parts = components(path)?;
        let name = parts.pop().ok_or(NameRefusal::Root)?;
        Ok((self.walk(path, &parts, DIRECTORY)?, name))
    }

    /// Open the regular file at *path* for reading; its entry comes from the descriptor.
    ///
    /// # Errors
    /// A refused name, EISDIR for directories, ELOOP for links, EINVAL for what has no contents.
    pub fn file(&self, path: &OsStr) -> Result<(OwnedFd, Entry)> {
        let parts = components(path)?;
        let name = parts.last().copied().unwrap_or_default();
        // NONBLOCK keeps a pipe from hanging the caller; it means nothing for files.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = self.walk(path, &parts, flags)?;
        let entry = entry_of(&fd, name).map_err(|errno| Error::system(errno, path))?;
        regular(fd, entry).map_err(|errno| Error::system(errno, path))
    }

    /// The same as [`Root::file`] without waiting for a disk: none when the kernel would have to look there.
    ///
    /// # Errors
    /// As with [`Root::file`].
    pub fn file_now(&self, path: &OsStr) -> Result<Option<(OwnedFd, Entry)>> {
        let about = |errno| Error::system(errno, path);
        let parts = components(path)?;
        let name = parts.last().copied().unwrap_or_default();
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let Some(fd) = at_hand(self.fd.as_fd(), path, flags).map_err(about)? else {
            return Ok(None);
        };
        let entry = entry_of(&fd, name).map_err(about)?;
        regular(fd, entry).map(Some).map_err(about)
    }

    /// The same as [`Root::dir`] without waiting for a disk.
    ///
    /// # Errors
    /// As with [`Root::dir`].
    pub fn dir_now(&self, path: &OsStr) -> Result<Option<OwnedFd>> {
        components(path)?;
        at_hand(self.fd.as_fd(), path, DIRECTORY).map_err(|errno| Error::system(errno, path))
    }

    /// Open a directory of the volume's own, below `.balu`.
    ///
    /// # Errors
    /// What the kernel answers; ENOENT when the volume was never registered.
    pub fn private(&self, path: &str) -> Result<OwnedFd> {
        confined(self.fd.as_fd(), path.as_ref(), DIRECTORY, Mode::empty())
            .map_err(|errno| Error::system(errno, path))
    }

    /// A directory of the volume's own as a tree of itself.
    ///
    /// # Errors
    /// As for [`Root::private`].
    pub fn enter(&self, path: &str) -> Result<Self> {
        let fd = self.private(path)?;
        let stat = rustix::fs::fstat(&fd).map_err(|errno| Error::system(errno, path))?;
        Ok(Self {
            fd,
            dev: stat.st_dev,
            ino: stat.st_ino,
        })
    }

    fn walk(&self, path: &OsStr, parts: &[&OsStr], flags: OFlags) -> Result<OwnedFd> {
        descend(self.fd.as_fd(), parts, flags).map_err(|errno| Error::system(errno, path))
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// What *name* in *dir* is, without waiting for a disk: none when the kernel would have to look there.
///
/// # Errors
/// What the kernel answers.
pub fn entry_now(dir: impl AsFd, name: &OsStr) -> Result<Option<Entry>, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    at_hand(dir.as_fd(), name, flags)?
        .map(|fd| entry_of(&fd, name))
        .transpose()
}

/// Open what the kernel has in memory; none for what it has not, for *base* itself and for very long paths.
fn at_hand(base: BorrowedFd<'_>, path: &OsStr, flags: OFlags) -> Result<Option<OwnedFd>, Errno> {
    if path.is_empty() || path.len() >= STRIDE {
        return Ok(None);
    }
    let resolve = CONFINED | ResolveFlags::CACHED;
    match openat2(base, path, flags, Mode::empty(), resolve) {
        Ok(fd) => Ok(Some(fd)),
        // Old kernels do not know the flag.
        Err(Errno::AGAIN | Errno::INVAL | Errno::INTR) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Open the directory *path* beneath *base*; the empty path is *base* itself. Components are not checked.
///
/// # Errors
/// What the kernel answers.
pub fn open_dir(base: impl AsFd, path: &OsStr) -> Result<OwnedFd, Errno> {
    let parts: Vec<&OsStr> = if path.is_empty() {
        Vec::new()
    } else {
        path.as_bytes()
            .split(|byte| *byte == b'/')
            .map(OsStr::from_bytes)
            .collect()
    };
    descend(base.as_fd(), &parts, DIRECTORY)
}

/// Open the regular file *name* in *dir* with the given access; its entry comes from the descriptor.
///
/// # Errors
/// What the kernel answers; EISDIR for directories, ELOOP for links, EINVAL for what has no contents.
pub fn open_file(dir: impl AsFd, name: &OsStr, access: OFlags) -> Result<(OwnedFd, Entry), Errno> {
    let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = confined(dir.as_fd(), name, flags, Mode::empty())?;
    let entry = entry_of(&fd, name)?;
    regular(fd, entry)
}

fn regular(fd: OwnedFd, entry: Entry) -> Result<(OwnedFd, Entry), Errno> {
    match entry.kind {
        Kind::File => Ok((fd, entry)),
        Kind::Directory => Err(Errno::ISDIR),
        Kind::Symlink => Err(Errno::LOOP),
        Kind::Other => Err(Errno::INVAL),
    }
}

/// Walk *parts* in strides the kernel accepts, however deep the tree is.
fn descend(base: BorrowedFd<'_>, parts: &[&OsStr], flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut held: Option<OwnedFd> = None;
    let mut stride: Vec<u8> = Vec::new();
    for part in parts {
        if stride.len() + part.len() >= STRIDE {
            let from = held.as_ref().map_or(base, AsFd::as_fd);
            held = Some(confined(
                from,
                OsStr::from_bytes(&stride),
                DIRECTORY,
                Mode::empty(),
            )?);
            stride.clear();
        }
        if !stride.is_empty() {
            stride.push(b'/');
        }
        stride.extend_from_slice(part.as_bytes());
    }
    if stride.is_empty() {
        stride.push(b'.');
    }
    let from = held.as_ref().map_or(base, AsFd::as_fd);
    confined(from, OsStr::from_bytes(&stride), flags, Mode::empty())
}

fn confined(dir: BorrowedFd<'_>, path: &OsStr, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    let mut tries = 0;
    loop {
        match openat2(dir, path, flags, mode, CONFINED) {
            Err(Errno::AGAIN) if tries < RETRIES => tries += 1,
            Err(Errno::INTR) => {}
            outcome => return outcome,
        }
    }
}
