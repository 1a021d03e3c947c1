//! Keys of an open vault, and the names in it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::Arc;

use balu_vault::Error;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

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
