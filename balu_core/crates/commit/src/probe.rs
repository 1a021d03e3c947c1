//! What the file system under a volume offers, found out by trying.

use std::os::fd::{AsFd, OwnedFd};

use balu_paths::{Result, entry_at, remove_tree};
use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, XattrFlags, fsetxattr, fstatfs, fstatvfs, ioctl_ficlone, linkat,
    openat, renameat_with,
};
use rustix::io::Errno;

use crate::volume::{STAGING, Volume, make_private};

const KNOWN: [(u64, &str); 16] = [
    (0xEF53, "ext4"),
    (0x5846_5342, "xfs"),
    (0x9123_683E, "btrfs"),
    (0x0102_1994, "tmpfs"),
    (0x2FC1_2FC1, "zfs"),
    (0xF2F5_2010, "f2fs"),
    (0xCA45_1A4E, "bcachefs"),
    (0x794C_7630, "overlay"),
    (0x6969, "nfs"),
    (0x6573_5546, "fuse"),
    (0xFF53_4D42, "cifs"),
    (0xFE53_4D42, "smb"),
    (0x2011_BAB0, "exfat"),
    (0x4D44, "vfat"),
    (0x7366_746E, "ntfs"),
    (0x0102_1997, "9p"),
];

/// What a file system can do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own")]
pub struct Abilities {
    /// Its name, or its magic number in hex.
    pub filesystem: String,
    /// Two names can trade what they hold.
    pub exchange: bool,
    /// A rename can refuse to replace.
    pub noreplace: bool,
    /// Files can share blocks.
    pub reflink: bool,
    /// A file can have several names.
    pub hard_links: bool,
    /// Files keep extended attributes of users.
    pub xattr: bool,
    /// `a` and `A` are two names.
    pub case_sensitive: bool,
    /// Longest name in bytes.
    pub name_max: u64,
}

impl Volume {
    /// Try everything out in a scratch folder in staging.
    ///
    /// # Errors
    /// ENOENT when the volume was never registered, ENOSPC or EROFS when nothing can be made.
    pub fn probe(&self) -> Result<Abilities> {
        let staging = self.root.private(STAGING)?;
        let scratch = format!("probe-{}", rustix::thread::gettid().as_raw_nonzero());
        make_private(&staging, &scratch)?;
        let outcome = self
            .root
            .private(&format!("{STAGING}/{scratch}"))
            .and_then(|dir| Ok(try_out(&dir)?));
        remove_tree(&staging, scratch.as_ref())?;
        outcome
    }
}

fn try_out(dir: &OwnedFd) -> Result<Abilities, Errno> {
    let make = |name: &str| {
        openat(
            dir,
            name,
            OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC,
            Mode::RUSR | Mode::WUSR,
        )
    };
    let (first, second) = (make("first")?, make("second")?);
    rustix::io::write(&first, b"balu")?;
    let rename = |old: &str, new: &str, flags| renameat_with(dir, old, dir, new, flags).is_ok();
    Ok(Abilities {
        filesystem: filesystem(dir)?,
        exchange: rename("first", "second", RenameFlags::EXCHANGE),
        noreplace: rename("first", "third", RenameFlags::NOREPLACE),
        reflink: ioctl_ficlone(&second, &first).is_ok(),
        hard_links: linkat(dir, "second", dir, "fourth", AtFlags::empty()).is_ok(),
        xattr: fsetxattr(&first, c"user.balu.probe", b"1", XattrFlags::empty()).is_ok(),
        case_sensitive: entry_at(dir, "SECOND").is_err(),
        name_max: fstatvfs(dir)?.f_namemax,
    })
}

fn filesystem(dir: impl AsFd) -> Result<String, Errno> {
    let magic = u64::try_from(fstatfs(dir)?.f_type).unwrap_or(0) & 0xFFFF_FFFF;
    let known = KNOWN.iter().find(|(number, _)| *number == magic);
    Ok(known.map_or_else(|| format!("{magic:#x}"), |(_, name)| (*name).to_owned()))
}
