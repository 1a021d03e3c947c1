//! Copies between volumes, watched from elsewhere.

use std::ffi::OsString;

use pyo3::prelude::*;

use super::Volume;
use crate::entry::Entry;

#[pyclass(frozen, module = "balu_core._native")]
#[derive(Default)]
pub struct Progress(balu_commit::Progress);

#[pymethods]
impl Progress {
    #[getter]
    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    fn stop(&self) {
        self.0.stop();
    }
}

type Carried = (OsString, Entry, Option<String>);

#[pymethods]
impl Volume {
    #[expect(clippy::unused_self, reason = "where else would a caller find it")]
    fn progress(&self) -> Progress {
        Progress::default()
    }

    fn carry(
        &self,
        py: Python<'_>,
        origin: PyRef<'_, Self>,
        source: OsString,
        staging_id: &str,
        progress: PyRef<'_, Progress>,
    ) -> PyResult<Vec<Carried>> {
        let origin = origin.held()?;
        let watched = &progress.0;
        let carried = self.with(py, |held| {
            held.volume.carry(&origin.volume, &source, staging_id, watched)
        })?;
        Ok(carried
            .into_iter()
            .map(|one| (one.path, Entry(one.entry), one.blake3))
            .collect())
    }

    fn trashed_tree(&self, py: Python<'_>, trash_id: &str) -> PyResult<Vec<(OsString, Entry)>> {
        let found = self.with(py, |held| {
            let root = held.volume.trashed_root(trash_id)?;
            balu_scan::walk(&root, "item".as_ref())
        })?;
        Ok(found
            .into_iter()
            .map(|(path, entry)| (path, Entry(entry)))
            .collect())
    }
}
