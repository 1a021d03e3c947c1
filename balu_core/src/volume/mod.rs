//! Volumes: one method per verb, each a call into the pure crates without the GIL.

mod bytes;
pub mod carry;
mod group;
mod headers;
mod names;
mod parts;
mod reading;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use balu_paths::{Error, Result};
use balu_scan::Cache;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};
use rustix::io::Errno;

use crate::entry::Entry;
use crate::errors::refuse;
use crate::vault::VaultKeys;

/// An open volume and what is remembered about its directories.
pub struct Held {
    pub volume: balu_commit::Volume,
    pub cache: Cache,
}

#[pyclass(frozen, module = "balu_core._native")]
pub struct Volume {
    held: RwLock<Option<Arc<Held>>>,
    /// Of the vault through which this object sees contents.
    pub keys: Option<Arc<balu_vault::Keys>>,
    #[pyo3(get)]
    root: String,
}

impl Volume {
    /// Run *verb* without the GIL.
    pub fn with<T: Send>(&self, py: Python<'_>, verb: impl FnOnce(&Held) -> Result<T> + Send) -> PyResult<T> {
        let held = self.held()?;
        py.detach(|| verb(&held)).map_err(refuse)
    }

    /// The same for verbs that never wait for a disk: handing the GIL over would cost more than they do.
    pub fn at_once<T>(&self, verb: impl FnOnce(&Held) -> Result<T>) -> PyResult<T> {
        verb(&*self.held()?).map_err(refuse)
    }

    /// The open volume; EBADF after `close`.
    pub fn held(&self) -> PyResult<Arc<Held>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone();
        held.ok_or_else(|| refuse(Error::from(Errno::BADF)))
    }

    /// The same for verbs that answer with an entry.
    pub fn entry(
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
            keys: None,
            root,
        })
    }

    fn sealed(&self, keys: &VaultKeys) -> Self {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone();
        Self {
            held: RwLock::new(held),
            keys: Some(Arc::clone(&keys.0)),
            root: self.root.clone(),
        }
    }

    fn put_keys(&self, py: Python<'_>, vault_id: &str, data: PyBackedBytes) -> PyResult<()> {
        self.with(py, |held| held.volume.put_keys(vault_id, &data))
    }

    fn keys(&self, py: Python<'_>, vault_id: &str) -> PyResult<Option<Py<PyBytes>>> {
        let bytes = self.with(py, |held| held.volume.keys(vault_id))?;
        Ok(bytes.map(|bytes| PyBytes::new(py, &bytes).unbind()))
    }

    fn drop_keys(&self, py: Python<'_>, vault_id: &str) -> PyResult<()> {
        self.with(py, |held| held.volume.drop_keys(vault_id))
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

    fn carries(&self, volume_id: &str) -> PyResult<bool> {
        self.at_once(|held| Ok(held.volume.carries(volume_id)))
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

    fn close(&self) {
        self.held.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}
