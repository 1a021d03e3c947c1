//! Name rules and confined resolution: every path is walked beneath one directory descriptor.
//!
//! Nothing here follows a symbolic link, leaves the tree, or crosses into another mount. Paths are
//! relative, separated by `/`, and the empty path is the root of the tree.

mod entry;
mod error;
mod failpoint;
mod name;
mod root;
mod tree;

pub use entry::{Entry, Kind, entry_at, entry_of};
pub use error::{Error, NameRefusal, Result};
pub use failpoint::{broken, failpoint};
pub use name::{PRIVATE, check_name, components, join};
pub use root::{Root, entry_now, open_dir, open_file};
pub use tree::{Item, read_dir, remove_tree};
