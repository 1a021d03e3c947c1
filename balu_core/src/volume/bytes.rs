//! Bytes staged, published, settled, and what they replaced.

use std::ffi::OsString;

use balu_commit::{Request, VersionId};
use pyo3::prelude::*;

use super::Volume;
use crate::entry::{Entry, Published};
use crate::sink::Sink;
use crate::source::Source;

#[pymethods]
impl Volume {
    #[pyo3(signature = (staging_id, *, size=None, sha256=false))]
    fn stage(&self, py: Python<'_>, staging_id: &str, size: Option<u64>, sha256: bool) -> PyResult<Sink> {
        let options = balu_digest::Options {
            size,
            sha256,
            keys: self.keys.clone(),
        };
        self.with(py, |held| held.volume.stage(staging_id, options))
            .map(Sink::new)
    }

    fn staged(&self, py: Python<'_>, staging_id: &str) -> PyResult<Option<Entry>> {
        Ok(self.with(py, |held| held.volume.staged(staging_id))?.map(Entry))
    }

    fn staging(&self, py: Python<'_>) -> PyResult<Vec<Entry>> {
        Ok(self
            .with(py, |held| held.volume.staging())?
            .into_iter()
            .map(Entry)
            .collect())
    }

    fn copy(&self, py: Python<'_>, source: OsString, staging_id: &str) -> PyResult<(u64, u64)> {
        self.with(py, |held| held.volume.copy(&source, staging_id))
    }

    #[pyo3(signature = (staging_id, target, *, replaces=None, version=None, mtime_ns=None))]
    fn publish(
        &self,
        py: Python<'_>,
        staging_id: &str,
        target: OsString,
        replaces: Option<PyRef<'_, Entry>>,
        version: Option<(u64, u64)>,
        mtime_ns: Option<i64>,
    ) -> PyResult<Published> {
        let replaces = replaces.as_deref().map(|entry| &entry.0);
        let request = Request {
            replaces,
            version: version.map(version_id),
            mtime_ns,
        };
        let published = self.with(py, |held| held.volume.publish(staging_id, &target, request))?;
        Published::new(py, published)
    }

    #[pyo3(signature = (staging_id, target, *, staged_ino, version))]
    fn settle(
        &self,
        py: Python<'_>,
        staging_id: &str,
        target: OsString,
        staged_ino: u64,
        version: Option<(u64, u64)>,
    ) -> PyResult<bool> {
        self.with(py, |held| {
            held.volume
                .settle(staging_id, &target, staged_ino, version.map(version_id))
        })
    }

    fn discard(&self, py: Python<'_>, staging_id: &str) -> PyResult<bool> {
        self.with(py, |held| held.volume.discard(staging_id))
    }

    fn open_staged(&self, py: Python<'_>, staging_id: &str) -> PyResult<Source> {
        let (file, entry) = self.with(py, |held| held.volume.open_staged(staging_id))?;
        Source::new(py, file, entry, self.keys.as_deref())
    }

    fn open_version(&self, py: Python<'_>, file_id: u64, rev: u64) -> PyResult<Source> {
        let (file, entry) = self.with(py, |held| held.volume.open_version(VersionId { file_id, rev }))?;
        Source::new(py, file, entry, self.keys.as_deref())
    }

    fn drop_version(&self, py: Python<'_>, file_id: u64, rev: u64) -> PyResult<u64> {
        self.with(py, |held| held.volume.drop_version(VersionId { file_id, rev }))
    }
}

fn version_id((file_id, rev): (u64, u64)) -> VersionId {
    VersionId { file_id, rev }
}
