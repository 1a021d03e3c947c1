//! Downloads out of a vault: what is read is decrypted and verified.

use std::os::fd::OwnedFd;

use balu_vault::{Keys, Reader};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rustix::io::Errno;

use crate::errors::refuse_errno;
use crate::source::fill;

/// Look at header and last chunk of a file of *size* bytes.
pub fn begin(py: Python<'_>, file: &OwnedFd, size: u64, keys: &Keys) -> PyResult<Reader> {
    let read_at = |offset, buffer: &mut [u8]| whole(file, buffer, offset);
    py.detach(|| Reader::open(keys, size, read_at))
        .map_err(|refused: Refused| refuse_errno(refused.0))
}

/// A refusal of the format, as the disk would say it.
struct Refused(Errno);

impl From<balu_vault::Error> for Refused {
    fn from(error: balu_vault::Error) -> Self {
        Self(balu_digest::errno_of(error))
    }
}

/// Plain bytes of a file in a vault.
pub fn read<'py>(
    py: Python<'py>,
    file: &OwnedFd,
    reader: &Reader,
    offset: u64,
    length: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let left = usize::try_from(reader.size().saturating_sub(offset)).unwrap_or(length);
    PyBytes::new_with(py, length.min(left), |buffer| {
        let read_at = |at, sealed: &mut [u8]| whole(file, sealed, at);
        py.detach(|| reader.read(offset, buffer, read_at))
            .map(|_| ())
            .map_err(|refused: Refused| refuse_errno(refused.0))
    })
}

/// Fill all of *buffer*; EBADMSG when the file was cut meanwhile.
fn whole(file: &OwnedFd, buffer: &mut [u8], offset: u64) -> Result<(), Refused> {
    match fill(file, buffer, offset) {
        Ok(count) if count == buffer.len() => Ok(()),
        Ok(_) => Err(Refused(Errno::BADMSG)),
        Err(errno) => Err(Refused(errno)),
    }
}
