//! Files of a vault: a 4 KiB header, then one C2SP chunked-encryption message (Cobblestone-256).
//!
//! `docs/formats/vault.md` describes the bytes. Nothing here opens files, knows the time or keeps state:
//! what is read and written goes through slices and closures.

mod error;
mod header;
mod keys;
mod message;
mod names;
mod reader;

pub use error::{Error, Result};
pub use header::{HEADER, Header};
pub use keys::{Keys, Secret};
pub use message::{
    CHUNK, Cipher, Encryptor, PREFIX, SALT, SEALED_CHUNK, chunk_offset, plain_size, sealed_size,
};
pub use names::{LONGEST_NAME, Names};
pub use reader::Reader;
