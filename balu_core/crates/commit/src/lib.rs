//! Staging, publishing, versions and trash: the only way bytes get under a visible name.
//!
//! Each step syncs what it touched before it returns, a failed sync is never repeated, and whatever is
//! left by a crash lies in `.balu` where [`Volume::settle`] and collection find it.

mod carry;
mod copy;
mod dress;
mod group;
mod headers;
mod keyfiles;
mod names;
mod probe;
mod publish;
mod rename;
mod staging;
mod trash;
mod versions;
mod volume;

pub use carry::{Carried, Progress};
pub use group::Naming;
pub use headers::Store;
pub use probe::Abilities;
pub use publish::{Published, Request, VersionId};
pub use volume::{Space, Volume};
