//! The sink: bytes gathered into blocks, hashed and written by a thread of its own.

mod block;
mod sink;
mod writer;

pub use sink::{Options, Sealed, Sink};
