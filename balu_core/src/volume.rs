//! Volumes: one method per verb, each a call into the pure crates without the GIL.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use balu_commit::{Request, VersionId};
use balu_paths::{Error, Result};
use balu_scan::{Cache, Query, Sort};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rustix::io::Errno;

use crate::entry::{Entry, Listing, Published};
use crate::errors::refuse;
use crate::sink::Sink;
use crate::source::Source;

struct Held {
    volume: balu_commit::Volume,
    cache: Cache,
}

#[pyclass(frozen, module = "balu_core._native")]
pub struct Volume {
    held: RwLock<Option<Arc<Held>>>,
    #[pyo3(get)]
    root: String,
}

impl Volume {
    /// Run *verb* without the GIL; EBADF after `close`.
    fn with<T: Send>(&self, py: Python<'_>, verb: impl FnOnce(&Held) -> Result<T> + Send) -> PyResult<T> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone();
        let held = held.ok_or_else(|| refuse(Error::from(Errno::BADF)))?;
        py.detach(|| verb(&held)).map_err(refuse)
    }

    fn entry(
        &self,
        py: Python<'_>,
        verb: impl FnOnce(&balu_commit::Volume) -> Result<balu_paths::Entry> + Send,
    ) -> PyResult<Entry> {
        self.with(py, |held| verb(&held.volume)).map(Entry)
    }
}

#[pymethods]
impl Volume {
    #[new]
    fn new(py: Python<'_>, root: String) -> PyResult<Self> {
        let path = PathBuf::from(&root);
        let volume = py.detach(|| balu_commit::Volume::open(&path)).map_err(refuse)?;
        let held = Held {
            volume,
            cache: Cache::default(),
        };
        Ok(Self {
            held: RwLock::new(Some(Arc::new(held))),
            root,
        })
    }

    fn register(&self, py: Python<'_>, volume_id: &str) -> PyResult<()> {
        self.with(py, |held| held.volume.register(volume_id))
    }

    fn volume_id(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.with(py, |held| held.volume.volume_id())
    }

    fn online(&self, py: Python<'_>) -> PyResult<bool> {
        self.with(py, |held| Ok(held.volume.online()))
    }

    fn probe<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = self.with(py, |held| held.volume.probe())?;
        let answer = PyDict::new(py);
        answer.set_item("filesystem", found.filesystem)?;
        answer.set_item("exchange", found.exchange)?;
        answer.set_item("noreplace", found.noreplace)?;
        answer.set_item("reflink", found.reflink)?;
        answer.set_item("hard_links", found.hard_links)?;
        answer.set_item("xattr", found.xattr)?;
        answer.set_item("case_sensitive", found.case_sensitive)?;
        answer.set_item("name_max", found.name_max)?;
        Ok(answer)
    }

    fn space(&self, py: Python<'_>) -> PyResult<(u64, u64, u64, u64)> {
        let space = self.with(py, |held| held.volume.space())?;
        Ok((
            space.total,
            space.available,
            space.inodes_total,
            space.inodes_available,
        ))
    }

    fn stat(&self, py: Python<'_>, path: OsString) -> PyResult<Entry> {
        self.entry(py, |volume| volume.root().stat(&path))
    }

    #[pyo3(signature = (path, *, sort="name", descending=false, offset=0, limit=500, contains=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords of one call")]
    fn listing(
        &self,
        py: Python<'_>,
        path: OsString,
        sort: &str,
        descending: bool,
        offset: usize,
        limit: usize,
        contains: Option<OsString>,
    ) -> PyResult<Listing> {
        let query = Query {
            sort: order(sort)?,
            descending,
            offset,
            limit,
            contains,
        };
        let listing = self.with(py, |held| held.cache.listing(held.volume.root(), &path, &query))?;
        Listing::new(py, listing)
    }

    #[pyo3(signature = (path, *, parents=false))]
    fn make_dir(&self, py: Python<'_>, path: OsString, parents: bool) -> PyResult<Entry> {
        self.entry(py, |volume| volume.make_dir(&path, parents))
    }

    #[pyo3(name = "move")]
    fn rename(&self, py: Python<'_>, source: OsString, target: OsString) -> PyResult<Entry> {
        self.entry(py, |volume| volume.rename(&source, &target))
    }

    fn copy(&self, py: Python<'_>, source: OsString, staging_id: &str) -> PyResult<(u64, u64)> {
        self.with(py, |held| held.volume.copy(&source, staging_id))
    }

    fn measure(&self, py: Python<'_>, path: OsString) -> PyResult<(u64, u64, u64)> {
        let sum = self.with(py, |held| balu_scan::measure(held.volume.root(), &path))?;
        Ok((sum.files, sum.directories, sum.bytes))
    }

    fn walk(&self, py: Python<'_>, path: OsString) -> PyResult<Vec<(OsString, Entry)>> {
        let found = self.with(py, |held| balu_scan::walk(held.volume.root(), &path))?;
        Ok(found
            .into_iter()
            .map(|(path, entry)| (path, Entry(entry)))
            .collect())
    }

    fn hash(&self, py: Python<'_>, path: OsString) -> PyResult<(Entry, String)> {
        let (entry, digest) = self.with(py, |held| balu_scan::hash(held.volume.root(), &path))?;
        Ok((Entry(entry), digest))
    }

    fn open(&self, py: Python<'_>, path: OsString) -> PyResult<Source> {
        let (file, entry) = self.with(py, |held| held.volume.root().file(&path))?;
        Source::new(py, file, entry)
    }

    #[pyo3(signature = (staging_id, *, size=None, sha256=false))]
    fn stage(&self, py: Python<'_>, staging_id: &str, size: Option<u64>, sha256: bool) -> PyResult<Sink> {
        let options = balu_digest::Options { size, sha256 };
        self.with(py, |held| held.volume.stage(staging_id, options))
            .map(Sink::new)
    }

    fn staged(&self, py: Python<'_>, staging_id: &str) -> PyResult<Option<Entry>> {
        Ok(self.with(py, |held| held.volume.staged(staging_id))?.map(Entry))
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

    fn staging(&self, py: Python<'_>) -> PyResult<Vec<Entry>> {
        Ok(self
            .with(py, |held| held.volume.staging())?
            .into_iter()
            .map(Entry)
            .collect())
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

    fn open_version(&self, py: Python<'_>, file_id: u64, rev: u64) -> PyResult<Source> {
        let (file, entry) = self.with(py, |held| held.volume.open_version(VersionId { file_id, rev }))?;
        Source::new(py, file, entry)
    }

    fn drop_version(&self, py: Python<'_>, file_id: u64, rev: u64) -> PyResult<u64> {
        self.with(py, |held| held.volume.drop_version(VersionId { file_id, rev }))
    }

    fn close(&self) {
        self.held.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn version_id((file_id, rev): (u64, u64)) -> VersionId {
    VersionId { file_id, rev }
}

fn order(sort: &str) -> PyResult<Sort> {
    match sort {
        "name" => Ok(Sort::Name),
        "size" => Ok(Sort::Size),
        "modified" => Ok(Sort::Modified),
        "type" => Ok(Sort::Type),
        _ => Err(PyValueError::new_err("sort must be name, size, modified or type")),
    }
}
