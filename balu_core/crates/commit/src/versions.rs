//! Former contents: the old inodes themselves, kept as `versions/<file id>/<rev>`.

use std::ffi::OsString;
use std::os::fd::OwnedFd;

use balu_paths::{Entry, Error, Result, entry_at, failpoint, open_file, remove_tree};
use rustix::fs::{AtFlags, OFlags, unlinkat};
use rustix::io::Errno;

use crate::publish::VersionId;
use crate::volume::{VERSIONS, Volume, make_private, sync_dir};

/// Where one former content goes.
pub(crate) struct Slot {
    pub(crate) dir: OwnedFd,
    pub(crate) name: OsString,
    /// Holds what is about to become a version where the file system cannot exchange names.
    pub(crate) pending: OsString,
}

impl Volume {
    /// Open former contents for reading.
    ///
    /// # Errors
    /// ENOENT when they are gone.
    pub fn open_version(&self, version: VersionId) -> Result<(OwnedFd, Entry)> {
        let path = format!("{VERSIONS}/{}", version.file_id);
        let about = |errno| Error::system(errno, format!("{path}/{}", version.rev));
        let dir = self.root.private(&path)?;
        open_file(&dir, version.rev.to_string().as_ref(), OFlags::RDONLY).map_err(about)
    }

    /// Remove former contents for good; returns the bytes freed, 0 when they were gone.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn drop_version(&self, version: VersionId) -> Result<u64> {
        let Some(slot) = self.slot(version)? else {
            return Ok(0);
        };
        failpoint("version-drop")?;
        let freed = remove_tree(&slot.dir, &slot.name)?;
        sync_dir(&slot.dir)?;
        let versions = self.root.private(VERSIONS)?;
        match unlinkat(&versions, version.file_id.to_string(), AtFlags::REMOVEDIR) {
            // Another version of the file is still there, or was made just now.
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(freed),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The place of *version*, none while its file has no versions.
    pub(crate) fn slot(&self, version: VersionId) -> Result<Option<Slot>> {
        match self.root.private(&format!("{VERSIONS}/{}", version.file_id)) {
            Ok(dir) => Ok(Some(Slot {
                dir,
                name: version.rev.to_string().into(),
                pending: format!(".{}.pending", version.rev).into(),
            })),
            Err(error) if error.errno() == Some(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The place of *version*, made durable before anything is put there.
    ///
    /// # Errors
    /// EEXIST when the version exists.
    pub(crate) fn make_slot(&self, version: VersionId) -> Result<Slot> {
        let versions = self.root.private(VERSIONS)?;
        if make_private(&versions, &version.file_id.to_string())? {
            sync_dir(&versions)?;
        }
        let slot = self.slot(version)?.ok_or(Errno::NOENT)?;
        match entry_at(&slot.dir, slot.name.as_os_str()) {
            Err(Errno::NOENT) => Ok(slot),
            Ok(_) => Err(Error::system(
                Errno::EXIST,
                format!("{VERSIONS}/{}/{}", version.file_id, version.rev),
            )),
            Err(errno) => Err(errno.into()),
        }
    }
}
