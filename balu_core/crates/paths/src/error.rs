//! What can go wrong below a root, in three shapes: a refused name, the system's answer, a lost race.

use std::ffi::OsString;

use rustix::io::Errno;

/// Why a name cannot exist here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameRefusal {
    /// Two slashes in a row, or one at an end.
    #[error("a path component is empty")]
    Empty,
    /// `.` or `..`.
    #[error("a path component is '.' or '..'")]
    Dots,
    /// A NUL byte.
    #[error("a path component holds a NUL byte")]
    Nul,
    /// More than 255 bytes.
    #[error("a path component is longer than 255 bytes")]
    TooLong,
    /// The volume's own folder, at the root.
    #[error("'.balu' at the root belongs to the volume")]
    Private,
    /// The root itself, where a name inside it is needed.
    #[error("the root itself cannot be meant here")]
    Root,
    /// A staging or trash id that is not one plain name.
    #[error("an id must be 1 to 64 letters, digits, '-' or '_'")]
    Id,
}

/// A refusal or failure; `System` carries what the kernel said and about which name.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name is not possible; nothing was tried.
    #[error("{0}")]
    Name(#[from] NameRefusal),
    /// The system refused.
    #[error("{errno}: {}", path.to_string_lossy())]
    System {
        /// What the kernel answered.
        errno: Errno,
        /// The name it was about, relative to the root; empty where there is none.
        path: OsString,
    },
    /// The name no longer holds what the caller saw.
    #[error("the name holds something else by now: {}", path.to_string_lossy())]
    Stale {
        /// The name, relative to the root.
        path: OsString,
    },
}

/// Shorthand for this crate's outcome.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The system's answer about *path*.
    pub fn system(errno: Errno, path: impl Into<OsString>) -> Self {
        Self::System {
            errno,
            path: path.into(),
        }
    }

    /// The errno behind this error, if the system gave one.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::System { errno, .. } => Some(*errno),
            Self::Name(_) | Self::Stale { .. } => None,
        }
    }

    /// The same error, told about *path* instead of the name it happened under.
    #[must_use]
    pub fn about(self, path: impl Into<OsString>) -> Self {
        match self {
            Self::System { errno, .. } => Self::System {
                errno,
                path: path.into(),
            },
            other => other,
        }
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Self::System {
            errno,
            path: OsString::new(),
        }
    }
}
