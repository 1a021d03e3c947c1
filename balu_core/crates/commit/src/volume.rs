//! One registered directory tree: its marker, its folders and its room.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use balu_paths::{Error, NameRefusal, PRIVATE, Result, Root, failpoint, open_file};
use rustix::fs::{AtFlags, Mode, OFlags, fsync, mkdirat, openat, unlinkat};
use rustix::io::Errno;

use crate::rename;

pub(crate) const STAGING: &str = ".balu/staging";
pub(crate) const VERSIONS: &str = ".balu/versions";
pub(crate) const TRASH: &str = ".balu/trash";

const FOLDERS: [&str; 5] = ["staging", "versions", "trash", "vaults", "index"];
const MARKER: &str = "volume";
const FORMAT: &str = "balu-volume 1";

/// Room on the file system: bytes and inodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes there are.
    pub total: u64,
    /// Bytes an unprivileged process may still use.
    pub available: u64,
    /// Inodes there are, 0 where the file system does not count them.
    pub inodes_total: u64,
    /// Inodes still free.
    pub inodes_available: u64,
}

/// A directory tree with its private folder.
#[derive(Debug)]
pub struct Volume {
    pub(crate) root: Root,
    path: PathBuf,
}

impl Volume {
    /// Open the directory at *path*.
    ///
    /// # Errors
    /// ENOENT, ENOTDIR, EACCES.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            root: Root::open(path)?,
            path: path.to_owned(),
        })
    }

    /// The confined tree, for reading.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Make the private folder, what belongs into it, and the marker; nothing changes when it is there.
    ///
    /// # Errors
    /// EEXIST when the marker names another volume, EINVAL for an id that is not one line of text.
    pub fn register(&self, id: &str) -> Result<()> {
        if id.is_empty() || id.len() > 200 || id.chars().any(char::is_control) {
            return Err(Error::system(Errno::INVAL, id));
        }
        if let Some(present) = self.volume_id()?
            && present != id
        {
            return Err(Error::system(Errno::EXIST, format!("{PRIVATE}/{MARKER}")));
        }
        make_private(self.root.as_fd(), PRIVATE)?;
        let private = self.root.private(PRIVATE)?;
        for folder in FOLDERS {
            make_private(private.as_fd(), folder)?;
        }
        if self.volume_id()?.is_none() {
            // Several threads and processes may start at once: each writes its own, one names the volume.
            let draft = format!("{MARKER}.{}", rustix::thread::gettid().as_raw_nonzero());
            write_synced(&private, &draft, format!("{FORMAT}\n{id}\n").as_bytes())?;
            match rename::noreplace(&private, draft.as_ref(), &private, MARKER.as_ref()) {
                Err(Errno::EXIST) => {
                    unlinkat(&private, &draft, AtFlags::empty())?;
                    return self.register(id);
                }
                outcome => outcome?,
            }
        }
        sync_dir(&private)?;
        sync_dir(&self.root)
    }

    /// The id in the marker, none when there is no marker.
    ///
    /// # Errors
    /// EINVAL for a marker of another format, otherwise what the kernel answers.
    pub fn volume_id(&self) -> Result<Option<String>> {
        let about = |errno| Error::system(errno, format!("{PRIVATE}/{MARKER}"));
        let private = match self.root.private(PRIVATE) {
            Err(error) if error.errno() == Some(Errno::NOENT) => return Ok(None),
            outcome => outcome?,
        };
        let file = match open_file(&private, MARKER.as_ref(), OFlags::RDONLY) {
            Err(Errno::NOENT) => return Ok(None),
            outcome => outcome.map_err(about)?.0,
        };
        let mut text = String::new();
        File::from(file)
            .take(1024)
            .read_to_string(&mut text)
            .map_err(|_| about(Errno::INVAL))?;
        match text.split('\n').collect::<Vec<_>>()[..] {
            [FORMAT, id, ""] => Ok(Some(id.to_owned())),
            _ => Err(about(Errno::INVAL)),
        }
    }

    /// Whether the path still leads to the opened directory and its marker can be read.
    #[must_use]
    pub fn online(&self) -> bool {
        self.root.is_at(&self.path) && matches!(self.volume_id(), Ok(Some(_)))
    }

    /// Whether it is online and the marker names *id*.
    #[must_use]
    pub fn carries(&self, id: &str) -> bool {
        self.root.is_at(&self.path) && matches!(self.volume_id(), Ok(Some(present)) if present == id)
    }

    /// Room on the file system.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn space(&self) -> Result<Space> {
        let stat = rustix::fs::fstatvfs(&self.root)?;
        Ok(Space {
            total: stat.f_blocks.saturating_mul(stat.f_frsize),
            available: stat.f_bavail.saturating_mul(stat.f_frsize),
            inodes_total: stat.f_files,
            inodes_available: stat.f_favail,
        })
    }
}

/// Refuse an id that is not one plain name.
pub(crate) fn check_id(id: &str) -> Result<&OsStr> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) {
        return Err(NameRefusal::Id.into());
    }
    Ok(OsStr::new(id))
}

/// Make a directory nobody else can enter; one that exists already is kept. True when it was made.
pub(crate) fn make_private(dir: impl AsFd, name: &str) -> Result<bool> {
    match mkdirat(dir, name, Mode::RWXU) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        Err(errno) => Err(Error::system(errno, name)),
    }
}

/// Write a small file of the volume's own and sync it; a leftover of an earlier try is replaced.
pub(crate) fn write_synced(dir: &OwnedFd, name: &str, bytes: &[u8]) -> Result<()> {
    let about = |errno| Error::system(errno, name);
    match unlinkat(dir, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(about(errno)),
    }
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(openat(dir, name, flags, Mode::RUSR | Mode::WUSR).map_err(about)?);
    file.write_all(bytes)
        .map_err(|error| about(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
    fsync(&file).map_err(about)
}

/// Make the names of a directory durable.
pub(crate) fn sync_dir(dir: impl AsFd) -> Result<()> {
    failpoint("fsync-dir")?;
    match fsync(dir) {
        // Some file systems have nothing to sync in a directory and say so with EINVAL.
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
