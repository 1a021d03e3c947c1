//! What a new file takes over besides bytes: mode, owner, access lists, extended attributes.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;

use rustix::buffer::spare_capacity;
use rustix::fs::{
    Gid, Mode, Stat, Timespec, Timestamps, UTIME_OMIT, Uid, XattrFlags, fchmod, fchown, fgetxattr,
    flistxattr, fsetxattr, fstat, fstatfs, futimens,
};
use rustix::io::Errno;

const ACCESS_ACL: &CStr = c"system.posix_acl_access";
const DEFAULT_ACL: &CStr = c"system.posix_acl_default";
const NT_ACL: &CStr = c"security.NTACL";

const EXT4: u64 = 0xEF53;
const XFS: u64 = 0x5846_5342;

/// Give *new* the mode, owner and attributes of *old*, whose name it takes.
pub(crate) fn like_old(new: impl AsFd, old: impl AsFd) -> Result<(), Errno> {
    let (new, old) = (new.as_fd(), old.as_fd());
    let (was, is) = (fstat(old)?, fstat(new)?);
    own(new, &is, was.st_uid, was.st_gid)?;
    // Rights to run as somebody else belonged to the old bytes.
    mode(new, &is, was.st_mode & 0o777)?;
    copy_attributes(old, new)
}

/// Give *new* what a file made in *parent* would have got.
pub(crate) fn like_child(new: impl AsFd, parent: impl AsFd) -> Result<(), Errno> {
    let (new, parent) = (new.as_fd(), parent.as_fd());
    let (above, is) = (fstat(parent)?, fstat(new)?);
    if above.st_mode & 0o2000 != 0 {
        own(new, &is, is.st_uid, above.st_gid)?;
    }
    match attribute(parent, DEFAULT_ACL)? {
        Some(acl) => fsetxattr(new, ACCESS_ACL, &masked(acl, 0o6), XattrFlags::empty()),
        None => mode(new, &is, 0o666 & !umask()),
    }
}

/// Set the time of last change.
pub(crate) fn set_mtime(file: impl AsFd, mtime_ns: i64) -> Result<(), Errno> {
    let omit = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_OMIT,
    };
    let tv_nsec = mtime_ns.rem_euclid(1_000_000_000);
    let last_modification = Timespec {
        tv_sec: mtime_ns.div_euclid(1_000_000_000),
        tv_nsec,
    };
    futimens(
        file,
        &Timestamps {
            last_access: omit,
            last_modification,
        },
    )
}

/// Whether syncing a directory also makes earlier changes of inodes durable, because the journal keeps
/// order; elsewhere a dressed file needs a sync of its own.
pub(crate) fn journal_keeps_order(fd: impl AsFd) -> bool {
    fstatfs(fd).is_ok_and(|stat| matches!(u64::try_from(stat.f_type), Ok(EXT4 | XFS)))
}

fn own(file: BorrowedFd<'_>, is: &Stat, uid: u32, gid: u32) -> Result<(), Errno> {
    if is.st_uid == uid && is.st_gid == gid {
        return Ok(());
    }
    let group = Some(Gid::from_raw(gid));
    match fchown(file, Some(Uid::from_raw(uid)), group) {
        // Only root gives files away; the group may still be one of ours, and if not, the file stays ours.
        Err(Errno::PERM) => match fchown(file, None, group) {
            Err(Errno::PERM) => Ok(()),
            outcome => outcome,
        },
        outcome => outcome,
    }
}

fn mode(file: BorrowedFd<'_>, is: &Stat, wanted: u32) -> Result<(), Errno> {
    if is.st_mode & 0o7777 == wanted {
        return Ok(());
    }
    match fchmod(file, Mode::from_raw_mode(wanted)) {
        // FAT and some network file systems have one mode for all.
        Err(Errno::PERM | Errno::OPNOTSUPP) => Ok(()),
        outcome => outcome,
    }
}

fn copy_attributes(old: BorrowedFd<'_>, new: BorrowedFd<'_>) -> Result<(), Errno> {
    let mut names = Vec::with_capacity(4096);
    match flistxattr(old, spare_capacity(&mut names)) {
        Err(Errno::OPNOTSUPP) => return Ok(()),
        Err(Errno::RANGE) => {
            names.reserve(64 << 10);
            flistxattr(old, spare_capacity(&mut names))?;
        }
        outcome => _ = outcome?,
    }
    for name in names.split_inclusive(|byte| *byte == 0) {
        let Ok(name) = CStr::from_bytes_with_nul(name) else {
            continue;
        };
        let users = name.to_bytes().starts_with(b"user.");
        if !users && name != ACCESS_ACL && name != NT_ACL {
            continue;
        }
        let Some(value) = attribute(old, name)? else {
            continue;
        };
        match fsetxattr(new, name, &value, XattrFlags::empty()) {
            // Only root may set the attribute Samba keeps its access list in.
            Err(Errno::PERM | Errno::ACCESS) if !users => {}
            outcome => outcome?,
        }
    }
    Ok(())
}

fn attribute(file: BorrowedFd<'_>, name: &CStr) -> Result<Option<Vec<u8>>, Errno> {
    let mut value = Vec::with_capacity(1024);
    let mut outcome = fgetxattr(file, name, spare_capacity(&mut value));
    if outcome == Err(Errno::RANGE) {
        value.reserve(64 << 10);
        outcome = fgetxattr(file, name, spare_capacity(&mut value));
    }
    match outcome {
        Ok(_) => Ok(Some(value)),
        Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::PERM | Errno::ACCESS) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// A default access list as the kernel applies it to a new file: owner, mask (or group) and others keep
/// only the bits of *allowed*. Entries are tag, permissions (u16 each) and id (u32) after a u32 version.
fn masked(mut acl: Vec<u8>, allowed: u8) -> Vec<u8> {
    const OWNER: u16 = 0x01;
    const GROUP: u16 = 0x04;
    const MASK: u16 = 0x10;
    const OTHER: u16 = 0x20;
    let entries = acl.get_mut(4..).unwrap_or_default();
    let tag = |entry: &[u8]| u16::from_le_bytes([entry[0], entry[1]]);
    let has_mask = entries.chunks_exact(8).any(|entry| tag(entry) == MASK);
    for entry in entries.chunks_exact_mut(8) {
        let class = tag(entry);
        if matches!(class, OWNER | OTHER | MASK) || (class == GROUP && !has_mask) {
            entry[2] &= allowed;
            entry[3] = 0;
        }
    }
    acl
}

/// The mask of this process; read from /proc because asking the kernel means changing it.
fn umask() -> u32 {
    static MASK: OnceLock<u32> = OnceLock::new();
    *MASK.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        line.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok())
            .unwrap_or(0o022)
    })
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_default_list_loses_execution_for_files() {
        let entry = |tag: u8, perm: u8| [tag, 0, perm, 0, 255, 255, 255, 255];
        let acl = [
            &[2, 0, 0, 0][..],
            &entry(1, 7),
            &entry(2, 7),
            &entry(4, 5),
            &entry(0x10, 7),
            &entry(0x20, 5),
        ];
        let made = masked(acl.concat(), 0o6);
        let perms: Vec<u8> = made[4..].chunks_exact(8).map(|entry| entry[2]).collect();
        assert_eq!(perms, [6, 7, 5, 6, 4]);
    }
}
