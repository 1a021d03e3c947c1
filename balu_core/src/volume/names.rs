//! Names made, moved, deleted and brought back.

use std::ffi::OsString;

use pyo3::prelude::*;

use super::Volume;
use crate::entry::Entry;

#[pymethods]
impl Volume {
    #[pyo3(signature = (path, *, parents=false))]
    fn make_dir(&self, py: Python<'_>, path: OsString, parents: bool) -> PyResult<Entry> {
        self.entry(py, |volume| volume.make_dir(&path, parents))
    }

    #[pyo3(name = "move")]
    fn rename(&self, py: Python<'_>, source: OsString, target: OsString) -> PyResult<Entry> {
        self.entry(py, |volume| volume.rename(&source, &target))
    }

    #[pyo3(signature = (path, trash_id, *, origin))]
    fn trash(&self, py: Python<'_>, path: OsString, trash_id: &str, origin: &[u8]) -> PyResult<Entry> {
        self.entry(py, |volume| volume.trash(&path, trash_id, origin))
    }

    fn trashed(&self, py: Python<'_>, trash_id: &str) -> PyResult<Option<Entry>> {
        Ok(self.with(py, |held| held.volume.trashed(trash_id))?.map(Entry))
    }

    fn restore(&self, py: Python<'_>, trash_id: &str, target: OsString) -> PyResult<Entry> {
        self.entry(py, |volume| volume.restore(trash_id, &target))
    }

    fn purge(&self, py: Python<'_>, trash_id: &str) -> PyResult<u64> {
        self.with(py, |held| held.volume.purge(trash_id))
    }
}
