//! Keys of an open vault, and the names in it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::Arc;

use balu_vault::{Error, Header};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::refuse_errno;

#[pyclass(frozen, module = "balu_core._native")]
pub struct VaultKeys(pub Arc<balu_vault::Keys>);

#[pymethods]
impl VaultKeys {
    #[new]
    fn new(vault_id: [u8; 16], root: [u8; 32], keks: Vec<(u32, [u8; 32])>) -> PyResult<Self> {
        let opened = balu_vault::Keys::new(vault_id, &root, &keks).map_err(refuse)?;
        Ok(Self(Arc::new(opened)))
    }

    #[getter]
    fn version(&self) -> u32 {
        self.0.version()
    }

    fn rewrap<'py>(&self, py: Python<'py>, header: &[u8]) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let on_disk = |error| refuse_errno(balu_digest::errno_of(error));
        let header = Header::parse(header).map_err(on_disk)?;
        let version = header.version();
        let secret = self.0.open(header).map_err(on_disk)?;
        if version == self.0.version() {
            return Ok(None);
        }
        let secret = self.0.rewrap(secret).map_err(on_disk)?;
        Ok(Some(PyBytes::new(py, &secret.header().bytes()[..])))
    }

    fn seal_name(&self, name: OsString) -> PyResult<String> {
        self.0.names().seal(name.as_bytes()).map_err(refuse)
    }

    fn open_names(&self, py: Python<'_>, names: Vec<OsString>) -> Vec<Option<OsString>> {
        let open = |name: &OsString| self.0.names().open(OsStr::as_bytes(name)).map(OsString::from_vec);
        py.detach(|| names.iter().map(open).collect())
    }
}

/// `ValueError` for what the caller gave, `OSError` for what the disk holds.
fn refuse(error: Error) -> PyErr {
    match error {
        Error::NameTooLong | Error::NoKey => PyValueError::new_err(error.to_string()),
        other => refuse_errno(balu_digest::errno_of(other)),
    }
}
