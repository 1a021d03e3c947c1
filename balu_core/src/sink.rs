//! Uploads: `push` runs on the event loop and only copies; everything that waits lets go of the GIL.

use std::sync::OnceLock;

use balu_digest::Algorithm;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::entry::Entry;
use crate::errors::refuse_errno;

#[pyclass(frozen, module = "balu_core._native")]
pub struct Sink {
    inner: balu_digest::Sink,
    sha256: OnceLock<Option<String>>,
}

impl Sink {
    pub fn new(inner: balu_digest::Sink) -> Self {
        Self {
            inner,
            sha256: OnceLock::new(),
        }
    }
}

#[pymethods]
impl Sink {
    #[getter]
    fn received(&self) -> u64 {
        self.inner.received()
    }

    fn push(&self, data: &Bound<'_, PyBytes>) -> PyResult<bool> {
        self.inner.push(data.as_bytes()).map_err(refuse_errno)
    }

    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.inner.drain()).map_err(refuse_errno)
    }

    fn finish(&self, py: Python<'_>) -> PyResult<(Entry, String)> {
        let sealed = py.detach(|| self.inner.finish()).map_err(refuse_errno)?;
        let _ = self.sha256.set(sealed.sha256);
        Ok((Entry(sealed.entry), sealed.blake3))
    }

    fn sha256(&self) -> Option<String> {
        self.sha256.get().cloned().flatten()
    }

    fn abandon(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.inner.abandon()).map_err(refuse_errno)
    }
}

#[pyclass(frozen, module = "balu_core._native")]
pub struct Part(pub balu_digest::Part);

#[pymethods]
impl Part {
    #[getter]
    fn received(&self) -> u64 {
        self.0.received()
    }

    fn push(&self, data: &Bound<'_, PyBytes>) -> PyResult<bool> {
        self.0.push(data.as_bytes()).map_err(refuse_errno)
    }

    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.0.drain()).map_err(refuse_errno)
    }

    fn sync<'py>(&self, py: Python<'py>) -> PyResult<(u64, Bound<'py, PyBytes>)> {
        let (offset, spans) = py.detach(|| self.0.sync()).map_err(refuse_errno)?;
        Ok((offset, PyBytes::new(py, &spans)))
    }

    fn end<'py>(&self, py: Python<'py>) -> PyResult<(u64, Bound<'py, PyBytes>, Option<String>)> {
        let ended = py.detach(|| self.0.end()).map_err(refuse_errno)?;
        Ok((ended.offset, PyBytes::new(py, &ended.spans), ended.check))
    }

    fn halt(&self, py: Python<'_>) {
        py.detach(|| self.0.halt());
    }
}

/// The digest called *name*.
pub fn algorithm(name: Option<&str>) -> PyResult<Option<Algorithm>> {
    match name {
        None => Ok(None),
        Some("sha1") => Ok(Some(Algorithm::Sha1)),
        Some("sha256") => Ok(Some(Algorithm::Sha256)),
        Some("blake3") => Ok(Some(Algorithm::Blake3)),
        Some(other) => Err(PyValueError::new_err(format!("no digest is called {other}"))),
    }
}
