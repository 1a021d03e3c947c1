//! Steps 5 to 10 of the commit protocol: dress, swap, keep the old inode, sync; and settling after a crash.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;

use balu_paths::{Entry, Error, Kind, Result, broken, entry_at, failpoint, open_file, remove_tree};
use rustix::fs::{AtFlags, OFlags, fsync, linkat, renameat, unlinkat};
use rustix::io::Errno;

use crate::dress;
use crate::rename::{exchange, lacks_flag, noreplace};
use crate::versions::Slot;
use crate::volume::{STAGING, Volume, check_id, sync_dir};

/// Times the names are traded back when outside writers keep interfering.
const UNDO_TRIES: usize = 4;

/// Names one former content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionId {
    /// Row of the file.
    pub file_id: u64,
    /// Revision whose bytes these were.
    pub rev: u64,
}

/// How staged bytes get their name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// What the name must still hold; none for a name that must be free.
    pub replaces: Option<&'a Entry>,
    /// Where the replaced inode goes; none removes it.
    pub version: Option<VersionId>,
    /// Time of last change to set.
    pub mtime_ns: Option<i64>,
}

/// The outcome of a publication.
#[derive(Clone, Debug)]
pub struct Published {
    /// What the name holds now.
    pub entry: Entry,
    /// The inode that held it before.
    pub displaced: Option<Entry>,
}

/// A staged thing and the directory that is to show it.
struct Scene<'a> {
    staging: OwnedFd,
    id: &'a OsStr,
    parent: OwnedFd,
    name: &'a OsStr,
    target: &'a OsStr,
}

impl Volume {
    /// Put what is staged as *id* under *target* and sync what was touched.
    ///
    /// # Errors
    /// EEXIST when a free name was expected and taken, `Stale` when the name holds something else than
    /// expected; both leave everything as it was. Any other error may come after the swap: settle.
    pub fn publish(&self, id: &str, target: &OsStr, request: Request<'_>) -> Result<Published> {
        let scene = self.scene(id, target)?;
        let staged = entry_at(&scene.staging, scene.id).map_err(|errno| Error::system(errno, id))?;
        match request.replaces {
            None => scene.create(&staged, request.mtime_ns),
            Some(base) => {
                let slot = request
                    .version
                    .map(|version| self.make_slot(version))
                    .transpose()?;
                scene.replace(&staged, base, slot.as_ref(), request.mtime_ns)
            }
        }
    }

    /// Finish or undo an interrupted publication; true when *target* holds the inode *staged*.
    ///
    /// # Errors
    /// What the kernel answers; then nothing is known and nothing was decided.
    pub fn settle(&self, id: &str, target: &OsStr, staged: u64, version: Option<VersionId>) -> Result<bool> {
        let scene = match self.scene(id, target) {
            Err(error) if error.errno() == Some(Errno::NOENT) => {
                // The directory above is gone; a volume that is gone as well is no answer.
                self.root.private(STAGING)?;
                return Ok(false);
            }
            outcome => outcome?,
        };
        let shown =
            found(entry_at(&scene.parent, scene.name)).map_err(|errno| Error::system(errno, target))?;
        let published = shown.as_ref().is_some_and(|entry| entry.ino == staged) && !broken("intent");
        let slot = match version {
            Some(version) => self.slot(version)?,
            None => None,
        };
        if !published {
            if let Some(slot) = &slot {
                remove_tree(&slot.dir, &slot.pending)?;
            }
            return Ok(false);
        }
        match found(entry_at(&scene.staging, scene.id))? {
            // A second link to what is published already.
            Some(left) if left.ino == staged => unlinkat(&scene.staging, scene.id, AtFlags::empty())?,
            Some(left) => match (version, slot) {
                (Some(_), Some(slot)) if slot.holds(&left)? => {
                    unlinkat(&scene.staging, scene.id, AtFlags::empty())?;
                    sync_dir(&slot.dir)?;
                }
                (Some(version), _) => scene.keep(&self.make_slot(version)?)?,
                (None, _) => _ = remove_tree(&scene.staging, scene.id)?,
            },
            None => {
                if let Some(slot) = slot {
                    slot.promote()?;
                    sync_dir(&slot.dir)?;
                }
            }
        }
        sync_dir(&scene.parent)?;
        Ok(true)
    }

    fn scene<'a>(&self, id: &'a str, target: &'a OsStr) -> Result<Scene<'a>> {
        let id = check_id(id)?;
        let staging = self.root.private(STAGING)?;
        let (parent, name) = self.root.parent(target)?;
        Ok(Scene {
            staging,
            id,
            parent,
            name,
            target,
        })
    }
}

impl Scene<'_> {
    fn create(&self, staged: &Entry, mtime_ns: Option<i64>) -> Result<Published> {
        if staged.kind == Kind::File {
            let (file, _) = open_file(&self.staging, self.id, OFlags::RDONLY)?;
            failpoint("dress")?;
            dress::like_child(&file, &self.parent)?;
            self.finish_dressing(&file, mtime_ns)?;
        }
        noreplace(&self.staging, self.id, &self.parent, self.name).map_err(|errno| self.about(errno))?;
        failpoint("published")?;
        sync_dir(&self.parent)?;
        Ok(Published {
            entry: self.shown()?,
            displaced: None,
        })
    }

    fn replace(
        &self,
        staged: &Entry,
        base: &Entry,
        slot: Option<&Slot>,
        mtime_ns: Option<i64>,
    ) -> Result<Published> {
        if staged.kind != Kind::File {
            return Err(self.about(Errno::ISDIR));
        }
        let (old, now) = match open_file(&self.parent, self.name, OFlags::RDONLY) {
            Err(Errno::NOENT | Errno::ISDIR | Errno::LOOP | Errno::INVAL) => return Err(self.stale()),
            outcome => outcome.map_err(|errno| self.about(errno))?,
        };
        if !now.same_contents(base) {
            return Err(self.stale());
        }
        let (file, _) = open_file(&self.staging, self.id, OFlags::RDONLY)?;
        failpoint("dress")?;
        dress::like_old(&file, &old)?;
        self.finish_dressing(&file, mtime_ns)?;
        let mut displaced = match exchange(&self.staging, self.id, &self.parent, self.name) {
            Ok(()) => self.after_exchange(staged, base, slot)?,
            Err(Errno::NOENT) => return Err(self.stale()),
            Err(errno) if lacks_flag(errno) => self.replace_by_rename(base, slot)?,
            Err(errno) => return Err(self.about(errno)),
        };
        sync_dir(&self.parent)?;
        self.name.clone_into(&mut displaced.name);
        Ok(Published {
            entry: self.shown()?,
            displaced: Some(displaced),
        })
    }

    /// The old inode lies in staging now; keep it, unless an outside writer was quicker than the swap.
    fn after_exchange(&self, staged: &Entry, base: &Entry, slot: Option<&Slot>) -> Result<Entry> {
        failpoint("exchanged")?;
        let out = entry_at(&self.staging, self.id)?;
        if !out.same_contents(base) {
            self.undo(staged)?;
            return Err(self.stale());
        }
        if let Some(slot) = slot {
            self.keep(slot)?;
        } else {
            // The old bytes may go only when the name is sure to show the new ones.
            sync_dir(&self.parent)?;
            failpoint("version-drop")?;
            unlinkat(&self.staging, self.id, AtFlags::empty())?;
        }
        Ok(out)
    }

    fn undo(&self, staged: &Entry) -> Result<()> {
        for _ in 0..UNDO_TRIES {
            exchange(&self.staging, self.id, &self.parent, self.name).map_err(|errno| self.about(errno))?;
            if entry_at(&self.staging, self.id)?.ino == staged.ino {
                break;
            }
        }
        sync_dir(&self.parent)
    }

    /// Without an exchange: secure the old inode beside the versions, rename over, then name the version.
    fn replace_by_rename(&self, base: &Entry, slot: Option<&Slot>) -> Result<Entry> {
        if let Some(slot) = slot {
            failpoint("version-link")?;
            remove_tree(&slot.dir, &slot.pending)?;
            match linkat(
                &self.parent,
                self.name,
                &slot.dir,
                &slot.pending,
                AtFlags::empty(),
            ) {
                Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK) => {
                    crate::copy::copy_file(&self.parent, self.name, &slot.dir, &slot.pending)?;
                }
                Err(Errno::NOENT) => return Err(self.stale()),
                outcome => outcome?,
            }
            sync_dir(&slot.dir)?;
        }
        let now = entry_at(&self.parent, self.name).map_err(|errno| self.about(errno))?;
        if !now.same_contents(base) {
            return Err(self.stale());
        }
        failpoint("rename-over")?;
        renameat(&self.staging, self.id, &self.parent, self.name).map_err(|errno| self.about(errno))?;
        failpoint("exchanged")?;
        if let Some(slot) = slot {
            slot.promote()?;
            sync_dir(&slot.dir)?;
        }
        Ok(now)
    }

    fn keep(&self, slot: &Slot) -> Result<()> {
        failpoint("version-move")?;
        noreplace(&self.staging, self.id, &slot.dir, &slot.name)?;
        sync_dir(&slot.dir)
    }

    /// Set the time and make what was changed durable where the directory's sync would not.
    fn finish_dressing(&self, file: &OwnedFd, mtime_ns: Option<i64>) -> Result<()> {
        if let Some(mtime_ns) = mtime_ns {
            dress::set_mtime(file, mtime_ns)?;
        }
        if !dress::journal_keeps_order(&self.parent) {
            failpoint("fsync-dressed")?;
            fsync(file)?;
        }
        Ok(())
    }

    fn shown(&self) -> Result<Entry> {
        entry_at(&self.parent, self.name).map_err(|errno| self.about(errno))
    }

    fn stale(&self) -> Error {
        Error::Stale {
            path: self.target.to_owned(),
        }
    }

    fn about(&self, errno: Errno) -> Error {
        Error::system(errno, self.target)
    }
}

impl Slot {
    /// Whether the version exists already and is this inode.
    fn holds(&self, entry: &Entry) -> Result<bool> {
        Ok(found(entry_at(&self.dir, self.name.as_os_str()))?.is_some_and(|kept| kept.ino == entry.ino))
    }

    /// Give the secured old contents their version's name; nothing when there are none.
    fn promote(&self) -> Result<()> {
        failpoint("version-move")?;
        match noreplace(&self.dir, &self.pending, &self.dir, &self.name) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

fn found(outcome: Result<Entry, Errno>) -> Result<Option<Entry>, Errno> {
    match outcome {
        Ok(entry) => Ok(Some(entry)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}
