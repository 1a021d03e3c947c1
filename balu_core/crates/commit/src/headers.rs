//! Headers of files in vaults: read wherever a file lies, and written again in place when its lock changes.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;

use balu_digest::lock_range;
use balu_paths::{Entry, Error, Result, Root, failpoint, open_file};
use balu_vault::{HEADER, Header};
use rustix::fs::{OFlags, fsync};
use rustix::io::{Errno, pread, pwrite};

use crate::dress;
use crate::volume::{STAGING, TRASH, VERSIONS, Volume};

/// Where a file of a vault lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// Under a visible name.
    Files,
    /// On its way; the name is its id.
    Staging,
    /// Former contents; the name is `<file id>/<rev>`.
    Versions,
    /// Deleted; the name is `<id>/item`, and what lies below that.
    Trash,
}

impl Volume {
    /// Everything in one of the volume's own folders, as a tree of itself.
    ///
    /// # Errors
    /// EINVAL for visible names; what the kernel answers.
    pub fn store(&self, store: Store) -> Result<Root> {
        self.root.enter(match store {
            Store::Files => return Err(Errno::INVAL.into()),
            Store::Staging => STAGING,
            Store::Versions => VERSIONS,
            Store::Trash => TRASH,
        })
    }

    /// The first [`HEADER`] bytes of a file, fewer when it is shorter; they may be anything.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn header(&self, store: Store, name: &OsStr) -> Result<(Entry, Vec<u8>)> {
        let (file, entry) = self.open_in(store, name, OFlags::RDONLY)?;
        let bytes = front(&file).map_err(|errno| Error::system(errno, name))?;
        Ok((entry, bytes))
    }

    /// Replace the header of the file with the inode *ino* by a later one, durably, and keep its time.
    ///
    /// Asking again is harmless, also after a crash that left the header half written.
    ///
    /// # Errors
    /// `Stale`, with nothing changed, when it is another file, or its header is no earlier form of this one;
    /// EAGAIN while a staged file is being written; EINVAL when *bytes* are no header.
    pub fn put_header(
        &self,
        store: Store,
        name: &OsStr,
        bytes: &[u8],
        ino: u64,
        mtime_ns: i64,
    ) -> Result<()> {
        let about = |errno| Error::system(errno, name);
        let header = Header::parse(bytes).map_err(|_| about(Errno::INVAL))?;
        let (file, entry) = self.open_in(store, name, OFlags::RDWR)?;
        if store == Store::Staging {
            lock_range(&file, 0, None).map_err(about)?;
        }
        let stale = || Error::Stale {
            path: name.to_owned(),
        };
        if entry.ino != ino {
            return Err(stale());
        }
        // One that cannot be parsed was being written when the power went. One that is there already is
        // written once more: after a sync that failed, what is seen may be in memory only.
        if let Ok(present) = Header::parse(&front(&file).map_err(about)?)
            && present != header
            && !present.precedes(&header)
        {
            return Err(stale());
        }
        failpoint("header").map_err(about)?;
        write(&file, &header.bytes()[..]).map_err(about)?;
        failpoint("header-written").map_err(about)?;
        dress::set_mtime(&file, mtime_ns).map_err(about)?;
        failpoint("fsync-header").map_err(about)?;
        fsync(&file).map_err(about)
    }

    fn open_in(&self, store: Store, name: &OsStr, access: OFlags) -> Result<(OwnedFd, Entry)> {
        let (dir, last) = if store == Store::Files {
            self.root.parent(name)?
        } else {
            self.store(store)?.parent(name)?
        };
        open_file(&dir, last, access).map_err(|errno| Error::system(errno, name))
    }
}

fn front(file: &OwnedFd) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0; HEADER];
    let mut filled = 0;
    while filled < HEADER {
        match pread(file, &mut bytes[filled..], filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn write(file: &OwnedFd, bytes: &[u8]) -> Result<(), Errno> {
    let mut done = 0;
    while done < bytes.len() {
        match pwrite(file, &bytes[done..], done as u64) {
            Ok(count) => done += count,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
