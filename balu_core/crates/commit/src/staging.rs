//! Bytes that nobody sees yet.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;

use balu_digest::{Options, Part, Place, Sink};
use balu_paths::{Entry, Error, Result, entry_at, open_file, read_dir, remove_tree};
use balu_vault::Keys;
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::volume::{STAGING, Volume, check_id};

impl Volume {
    /// Begin a staged file.
    ///
    /// # Errors
    /// EEXIST when the id is taken; ENOSPC or EDQUOT when the declared size cannot be had.
    pub fn stage(&self, id: &str, options: Options) -> Result<Sink> {
        let name = check_id(id)?;
        let dir = self.root.private(STAGING)?;
        Sink::create(dir, name, options).map_err(|errno| Error::system(errno, id))
    }

    /// Make a staged file of its final length, for parts.
    ///
    /// # Errors
    /// EEXIST when the id is taken; ENOSPC or EDQUOT when there is no room.
    pub fn allocate(&self, id: &str, size: Option<u64>, sparse: bool, keys: Option<&Keys>) -> Result<Entry> {
        let name = check_id(id)?;
        let dir = self.root.private(STAGING)?;
        balu_digest::allocate(&dir, name, size, sparse, keys).map_err(|errno| Error::system(errno, id))
    }

    /// Open a range of a staged file for writing.
    ///
    /// # Errors
    /// EAGAIN while somebody writes there; ENOENT.
    pub fn part(&self, id: &str, place: Place<'_>) -> Result<Part> {
        let name = check_id(id)?;
        let dir = self.root.private(STAGING)?;
        Part::open(dir, name, place).map_err(|errno| Error::system(errno, id))
    }

    /// Append bytes of one staged file to a part of another.
    ///
    /// # Errors
    /// ENOENT; EIO when there are fewer.
    pub fn append(&self, id: &str, length: u64, part: &Part) -> Result<()> {
        let name = check_id(id)?;
        let dir = self.root.private(STAGING)?;
        part.append_from(&dir, name, length)
            .map_err(|errno| Error::system(errno, id))
    }

    /// Finish a staged file made of parts; see [`balu_digest::seal`].
    ///
    /// # Errors
    /// EAGAIN while somebody writes; EIO when it is too short.
    pub fn seal(
        &self,
        id: &str,
        size: u64,
        spans: &[u8],
        most: u64,
        keys: Option<&Keys>,
    ) -> Result<(Entry, Option<String>)> {
        let name = check_id(id)?;
        let dir = self.root.private(STAGING)?;
        balu_digest::seal(&dir, name, size, spans, most, keys).map_err(|errno| Error::system(errno, id))
    }

    /// Open a staged file for reading.
    ///
    /// # Errors
    /// ENOENT; EISDIR for a tree.
    pub fn open_staged(&self, id: &str) -> Result<(OwnedFd, Entry)> {
        let name = check_id(id)?;
        let dir = self.root.private(STAGING)?;
        open_file(&dir, name, OFlags::RDONLY).map_err(|errno| Error::system(errno, id))
    }

    /// The staged file or tree, none when there is none.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn staged(&self, id: &str) -> Result<Option<Entry>> {
        let name = check_id(id)?;
        match entry_at(&self.root.private(STAGING)?, name) {
            Ok(entry) => Ok(Some(entry)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(Error::system(errno, id)),
        }
    }

    /// Everything staged.
    ///
    /// # Errors
    /// What the kernel answers; a listing that fails is never a short one.
    pub fn staging(&self) -> Result<Vec<Entry>> {
        let dir = self.root.private(STAGING)?;
        let mut entries = Vec::new();
        read_dir(&dir, |item| match entry_at(&dir, item.name) {
            Ok(entry) => {
                entries.push(entry);
                Ok(())
            }
            Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno),
        })?;
        Ok(entries)
    }

    /// Remove a staged file or tree; false when there was none.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn discard(&self, id: &str) -> Result<bool> {
        let name: &OsStr = check_id(id)?;
        let dir = self.root.private(STAGING)?;
        match entry_at(&dir, name) {
            Err(Errno::NOENT) => return Ok(false),
            outcome => outcome?,
        };
        remove_tree(&dir, name).map_err(|errno| Error::system(errno, id))?;
        Ok(true)
    }
}
