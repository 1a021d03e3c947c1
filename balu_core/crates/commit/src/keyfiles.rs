//! What opens the vaults of a volume, encrypted, beside their files: `.balu/vaults/<id>.keys`.

use std::fs::File;
use std::io::Read;

use balu_paths::{Error, Result, failpoint, open_file};
use rustix::fs::{AtFlags, OFlags, renameat, unlinkat};
use rustix::io::Errno;

use crate::volume::{Volume, check_id, sync_dir, write_synced};

const VAULTS: &str = ".balu/vaults";
const LONGEST: u64 = 1 << 20;

impl Volume {
    /// Keep *bytes* as the key file of vault *id*, durably, in place of the one before.
    ///
    /// # Errors
    /// What the kernel answers; then the one before is still there.
    pub fn put_keys(&self, id: &str, bytes: &[u8]) -> Result<()> {
        check_id(id)?;
        let dir = self.root.private(VAULTS)?;
        let draft = format!("{id}.{}", rustix::thread::gettid().as_raw_nonzero());
        write_synced(&dir, &draft, bytes)?;
        failpoint("keys")?;
        renameat(&dir, &draft, &dir, format!("{id}.keys"))?;
        sync_dir(&dir)
    }

    /// The key file of vault *id*, none when there is none.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn keys(&self, id: &str) -> Result<Option<Vec<u8>>> {
        check_id(id)?;
        let dir = self.root.private(VAULTS)?;
        let name = format!("{id}.keys");
        let file = match open_file(&dir, name.as_ref(), OFlags::RDONLY) {
            Err(Errno::NOENT) => return Ok(None),
            outcome => outcome.map_err(|errno| Error::system(errno, &name))?.0,
        };
        let mut bytes = Vec::new();
        File::from(file)
            .take(LONGEST)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::system(Errno::from_io_error(&error).unwrap_or(Errno::IO), &name))?;
        Ok(Some(bytes))
    }

    /// Remove the key file of vault *id*: nothing in that vault can be read afterwards.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn drop_keys(&self, id: &str) -> Result<()> {
        check_id(id)?;
        let dir = self.root.private(VAULTS)?;
        match unlinkat(&dir, format!("{id}.keys"), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => sync_dir(&dir),
            Err(errno) => Err(errno.into()),
        }
    }
}
