//! The sink: bytes gathered into blocks, hashed and written by a thread of its own; and parts of files
//! whose hash is merged from subtrees.

mod block;
mod check;
mod lock;
mod part;
mod plain;
mod queue;
mod sealing;
mod sink;
mod tree;
mod writer;

pub use check::Algorithm;
pub use lock::lock_range;
pub use part::{Ended, Part, Place, allocate, seal};
pub use sealing::errno_of;
pub use sink::{Options, Sealed, Sink};
