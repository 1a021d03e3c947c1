//! What the core found, as Python objects that never change.

use std::ffi::OsStr;

use pyo3::prelude::*;

#[pyclass(frozen, module = "balu_core._native")]
pub struct Entry(pub balu_paths::Entry);

#[pymethods]
impl Entry {
    #[getter]
    fn name(&self) -> &OsStr {
        &self.0.name
    }

    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind.word()
    }

    #[getter]
    fn size(&self) -> u64 {
        self.0.size
    }

    #[getter]
    fn mtime_ns(&self) -> i64 {
        self.0.mtime_ns
    }

    #[getter]
    fn ctime_ns(&self) -> i64 {
        self.0.ctime_ns
    }

    #[getter]
    fn btime_ns(&self) -> i64 {
        self.0.btime_ns
    }

    #[getter]
    fn ino(&self) -> u64 {
        self.0.ino
    }

    fn __repr__(&self) -> String {
        let balu_paths::Entry {
            name,
            kind,
            size,
            mtime_ns,
            ino,
            ..
        } = &self.0;
        let (name, kind) = (name.to_string_lossy(), kind.word());
        format!("Entry(name={name:?}, kind={kind:?}, size={size}, mtime_ns={mtime_ns}, ino={ino})")
    }
}

#[pyclass(frozen, get_all, module = "balu_core._native")]
pub struct Published {
    entry: Py<Entry>,
    displaced: Option<Py<Entry>>,
}

impl Published {
    pub fn new(py: Python<'_>, published: balu_commit::Published) -> PyResult<Self> {
        Ok(Self {
            entry: Py::new(py, Entry(published.entry))?,
            displaced: published
                .displaced
                .map(|entry| Py::new(py, Entry(entry)))
                .transpose()?,
        })
    }
}
