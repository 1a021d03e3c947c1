//! Downloads: positioned reads straight into the bytes object that Python gets.

use std::io::IoSliceMut;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, PoisonError, RwLock};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2};

use crate::entry::Entry;
use crate::errors::refuse_errno;
use crate::sealed;

#[pyclass(frozen, module = "balu_core._native")]
pub struct Source {
    file: RwLock<Option<Arc<OwnedFd>>>,
    #[pyo3(get)]
    entry: Py<Entry>,
    size: u64,
    sealed: Option<balu_vault::Reader>,
}

impl Source {
    pub fn new(
        py: Python<'_>,
        file: OwnedFd,
        mut entry: balu_paths::Entry,
        keys: Option<&balu_vault::Keys>,
    ) -> PyResult<Self> {
        let mut opened = None;
        if let Some(keys) = keys {
            let reader = sealed::begin(py, &file, entry.size, keys)?;
            entry.size = reader.size();
            opened = Some(reader);
        }
        let size = entry.size;
        Ok(Self {
            file: RwLock::new(Some(Arc::new(file))),
            entry: Py::new(py, Entry(entry))?,
            size,
            sealed: opened,
        })
    }

    fn file(&self) -> Result<Arc<OwnedFd>, Errno> {
        self.file
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or(Errno::BADF)
    }
}

#[pymethods]
impl Source {
    fn read<'py>(&self, py: Python<'py>, offset: u64, length: usize) -> PyResult<Bound<'py, PyBytes>> {
        let file = self.file().map_err(refuse_errno)?;
        if let Some(reader) = &self.sealed {
            return sealed::read(py, &file, reader, offset, length);
        }
        let end = if offset.saturating_add(length as u64) > self.size {
            let stat = rustix::fs::fstat(&file).map_err(refuse_errno)?;
            u64::try_from(stat.st_size).unwrap_or(0)
        } else {
            self.size
        };
        let wanted = usize::try_from(end.saturating_sub(offset))
            .unwrap_or(length)
            .min(length);
        let mut filled = 0;
        let bytes = PyBytes::new_with(py, wanted, |buffer| {
            filled = py.detach(|| fill(&file, buffer, offset)).map_err(refuse_errno)?;
            Ok(())
        })?;
        // Only a file that is being cut while it is read comes out shorter than its size said.
        Ok(if filled == wanted {
            bytes
        } else {
            PyBytes::new(py, &bytes.as_bytes()[..filled])
        })
    }

    fn read_now<'py>(
        &self,
        py: Python<'py>,
        offset: u64,
        length: usize,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        if self.sealed.is_some() {
            return Ok(None);
        }
        let file = self.file().map_err(refuse_errno)?;
        let mut filled = 0;
        let bytes = PyBytes::new_with(py, length, |buffer| {
            let mut parts = [IoSliceMut::new(buffer)];
            // Whatever goes wrong here is met again, and told, by the read that may wait.
            filled = preadv2(&file, &mut parts, offset, ReadWriteFlags::NOWAIT).unwrap_or(0);
            Ok(())
        })?;
        Ok((filled == length).then_some(bytes))
    }

    #[getter]
    fn blake3(&self) -> Option<String> {
        let digest = self.sealed.as_ref()?.digest()?;
        Some(blake3::Hash::from_bytes(digest).to_hex().to_string())
    }

    fn fileno(&self) -> PyResult<i32> {
        if self.sealed.is_some() {
            return Err(refuse_errno(Errno::OPNOTSUPP));
        }
        Ok(self.file().map_err(refuse_errno)?.as_raw_fd())
    }

    fn close(&self) {
        self.file.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Fill as much of *buffer* as the file has.
pub fn fill(file: &OwnedFd, buffer: &mut [u8], offset: u64) -> Result<usize, Errno> {
    let mut filled = 0;
    while filled < buffer.len() {
        match pread(file, &mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(filled)
}
