//! Many small files at once.

use std::ffi::OsString;

use balu_commit::Naming;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyList;

use super::Volume;
use crate::entry::Entry;
use crate::errors::refuse;

#[pymethods]
impl Volume {
    fn stage_many(
        &self,
        py: Python<'_>,
        pieces: Vec<(String, usize)>,
        data: PyBackedBytes,
    ) -> PyResult<Vec<(Entry, String)>> {
        let keys = self.keys.as_deref();
        let staged = self.with(py, |held| held.volume.stage_many(&pieces, &data, keys))?;
        Ok(staged
            .into_iter()
            .map(|(entry, blake3)| (Entry(entry), blake3))
            .collect())
    }

    fn sync_many(&self, py: Python<'_>, staging_ids: Vec<String>) -> PyResult<()> {
        self.with(py, |held| held.volume.sync_many(&staging_ids))
    }

    fn publish_many(
        &self,
        py: Python<'_>,
        names: Vec<(String, OsString, Option<i64>)>,
    ) -> PyResult<Py<PyList>> {
        let names: Vec<Naming> = names
            .into_iter()
            .map(|(id, target, mtime_ns)| Naming { id, target, mtime_ns })
            .collect();
        let outcomes = self.with(py, |held| held.volume.publish_many(&names))?;
        let answers = PyList::empty(py);
        for outcome in outcomes {
            match outcome {
                Ok(entry) => answers.append(Entry(entry))?,
                Err(error) => answers.append(refuse(error).into_value(py))?,
            }
        }
        Ok(answers.unbind())
    }
}
