//! Staged files that outlive their requests: made at once, filled in parts, sealed at the end.

use balu_digest::Place;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use super::Volume;
use crate::entry::Entry;
use crate::sink::{Part, algorithm};

#[pymethods]
impl Volume {
    #[pyo3(signature = (staging_id, *, size=None, sparse=false))]
    fn allocate(&self, py: Python<'_>, staging_id: &str, size: Option<u64>, sparse: bool) -> PyResult<Entry> {
        let keys = self.keys.as_deref();
        self.entry(py, |volume| volume.allocate(staging_id, size, sparse, keys))
    }

    #[pyo3(signature = (staging_id, *, offset, spans=None, length=None, whole=None, check=None))]
    #[allow(clippy::too_many_arguments)] // Python names every one of them
    fn part(
        &self,
        py: Python<'_>,
        staging_id: &str,
        offset: u64,
        spans: Option<PyBackedBytes>,
        length: Option<u64>,
        whole: Option<u64>,
        check: Option<&str>,
    ) -> PyResult<Part> {
        let place = Place {
            offset,
            length,
            whole: whole.unwrap_or(0),
            after: spans.as_deref(),
            check: algorithm(check)?,
            keys: self.keys.as_deref(),
        };
        self.with(py, |held| held.volume.part(staging_id, place))
            .map(Part)
    }

    fn append(&self, py: Python<'_>, staging_id: &str, length: u64, part: PyRef<'_, Part>) -> PyResult<()> {
        let part = &part.0;
        self.with(py, |held| held.volume.append(staging_id, length, part))
    }

    #[pyo3(signature = (staging_id, *, size, spans, reads=268_435_456))]
    fn seal(
        &self,
        py: Python<'_>,
        staging_id: &str,
        size: u64,
        spans: PyBackedBytes,
        reads: u64,
    ) -> PyResult<(Entry, Option<String>)> {
        let keys = self.keys.as_deref();
        let (entry, blake3) =
            self.with(py, |held| held.volume.seal(staging_id, size, &spans, reads, keys))?;
        Ok((Entry(entry), blake3))
    }
}
