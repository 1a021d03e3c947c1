//! Deleted things: one rename away from where they were, until they are purged.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;

use balu_paths::{Entry, Error, Result, entry_at, failpoint, remove_tree};
use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use crate::rename;
use crate::volume::{TRASH, Volume, check_id, make_private, sync_dir, write_synced};

const ITEM: &str = "item";
const ORIGIN: &str = "origin.json";

impl Volume {
    /// Store *origin*, synced, then move *path* into the trash and sync both sides.
    ///
    /// # Errors
    /// ENOENT when there is nothing at *path*, EEXIST when the id already holds a deleted thing.
    pub fn trash(&self, path: &OsStr, id: &str, origin: &[u8]) -> Result<Entry> {
        check_id(id)?;
        let about = |errno| Error::system(errno, path);
        let (parent, name) = self.root.parent(path)?;
        entry_at(&parent, name).map_err(about)?;
        let trash = self.root.private(TRASH)?;
        make_private(&trash, id)?;
        let dir = self.root.private(&format!("{TRASH}/{id}"))?;
        if entry_at(&dir, ITEM).is_ok() {
            return Err(Error::system(Errno::EXIST, id));
        }
        let moved = fill(&trash, &dir, origin).and_then(|()| {
            failpoint("trash-rename")?;
            rename::noreplace(&parent, name, &dir, ITEM.as_ref()).map_err(about)
        });
        if let Err(error) = moved {
            // Nothing was deleted; what cannot be cleaned up here is an empty trash folder.
            let _ = unlinkat(&dir, ORIGIN, AtFlags::empty());
            let _ = unlinkat(&trash, id, AtFlags::REMOVEDIR);
            return Err(error);
        }
        sync_dir(&dir)?;
        sync_dir(&parent)?;
        let mut entry = entry_at(&dir, ITEM).map_err(about)?;
        name.clone_into(&mut entry.name);
        Ok(entry)
    }

    /// The deleted thing, none when it is gone.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn trashed(&self, id: &str) -> Result<Option<Entry>> {
        let Some(dir) = self.trash_dir(id)? else {
            return Ok(None);
        };
        match entry_at(&dir, ITEM) {
            Ok(entry) => Ok(Some(entry)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(Error::system(errno, id)),
        }
    }

    /// Move a deleted thing back without replacing.
    ///
    /// # Errors
    /// ENOENT when it is gone, EEXIST when *target* is taken.
    pub fn restore(&self, id: &str, target: &OsStr) -> Result<Entry> {
        let dir = self
            .trash_dir(id)?
            .ok_or_else(|| Error::system(Errno::NOENT, id))?;
        let (parent, name) = self.root.parent(target)?;
        let about = |errno| Error::system(errno, target);
        entry_at(&dir, ITEM).map_err(|errno| Error::system(errno, id))?;
        failpoint("restore-rename")?;
        rename::noreplace(&dir, ITEM.as_ref(), &parent, name).map_err(about)?;
        sync_dir(&parent)?;
        sync_dir(&dir)?;
        // The thing is back; an origin that stays behind is an empty trash folder for collection.
        let _ = unlinkat(&dir, ORIGIN, AtFlags::empty());
        let _ = unlinkat(&self.root.private(TRASH)?, id, AtFlags::REMOVEDIR);
        entry_at(&parent, name).map_err(about)
    }

    /// Remove a deleted thing for good; returns the bytes freed, 0 when it was gone.
    ///
    /// # Errors
    /// What the kernel answers; a purge that was interrupted can be repeated.
    pub fn purge(&self, id: &str) -> Result<u64> {
        let Some(dir) = self.trash_dir(id)? else {
            return Ok(0);
        };
        let about = |errno| Error::system(errno, id);
        failpoint("purge")?;
        let freed = remove_tree(&dir, ITEM.as_ref()).map_err(about)?;
        let trash = self.root.private(TRASH)?;
        // The origin goes last, so that what is left of an interrupted purge still says what it was.
        remove_tree(&trash, id.as_ref()).map_err(about)?;
        sync_dir(&trash)?;
        Ok(freed)
    }

    fn trash_dir(&self, id: &str) -> Result<Option<OwnedFd>> {
        check_id(id)?;
        match self.root.private(&format!("{TRASH}/{id}")) {
            Ok(dir) => Ok(Some(dir)),
            Err(error) if error.errno() == Some(Errno::NOENT) => {
                // Without the trash itself nothing can be said about what is in it.
                self.root.private(TRASH).map(|_| None)
            }
            Err(error) => Err(error),
        }
    }
}

fn fill(trash: &OwnedFd, dir: &OwnedFd, origin: &[u8]) -> Result<()> {
    failpoint("trash-origin")?;
    write_synced(dir, ORIGIN, origin)?;
    sync_dir(dir)?;
    sync_dir(trash)
}
