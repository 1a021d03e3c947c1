//! Headers of files in vaults, wherever the files lie.

use std::ffi::OsString;

use balu_commit::Store;
use balu_vault::Header;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::Volume;
use crate::entry::Entry;

/// A file, what it begins with, and what that says: id of the vault and version of its key.
type Headed<'py> = (Entry, Bound<'py, PyBytes>, Option<(Bound<'py, PyBytes>, u32)>);

#[pymethods]
impl Volume {
    fn stored(&self, py: Python<'_>, store: &str) -> PyResult<Vec<(OsString, Entry)>> {
        let store = named(store)?;
        let found = self.with(py, |held| {
            balu_scan::walk(&held.volume.store(store)?, "".as_ref())
        })?;
        Ok(found
            .into_iter()
            .map(|(path, entry)| (path, Entry(entry)))
            .collect())
    }

    fn header<'py>(&self, py: Python<'py>, store: &str, name: OsString) -> PyResult<Headed<'py>> {
        let store = named(store)?;
        let (entry, bytes) = self.with(py, |held| held.volume.header(store, &name))?;
        let known = Header::parse(&bytes)
            .ok()
            .map(|header| (PyBytes::new(py, &header.vault()), header.version()));
        Ok((Entry(entry), PyBytes::new(py, &bytes), known))
    }

    #[pyo3(signature = (store, name, header, *, ino, mtime_ns))]
    fn put_header(
        &self,
        py: Python<'_>,
        store: &str,
        name: OsString,
        header: &[u8],
        ino: u64,
        mtime_ns: i64,
    ) -> PyResult<()> {
        let store = named(store)?;
        self.with(py, |held| {
            held.volume.put_header(store, &name, header, ino, mtime_ns)
        })
    }
}

fn named(store: &str) -> PyResult<Store> {
    match store {
        "files" => Ok(Store::Files),
        "staging" => Ok(Store::Staging),
        "versions" => Ok(Store::Versions),
        "trash" => Ok(Store::Trash),
        other => Err(PyValueError::new_err(format!("there is no store {other}"))),
    }
}
