//! Listings: entries for Python, or the clients' JSON, written without the GIL.

use std::ffi::OsStr;
use std::ops::Range;

use balu_scan::{Row, Rows, Slot, Template, stored};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::entry::Entry;

#[pyclass(frozen, module = "balu_core._native")]
pub struct ItemTemplate {
    template: Template,
    mime: Py<PyAny>,
}

#[pymethods]
impl ItemTemplate {
    #[new]
    fn new(parts: Vec<(Vec<u8>, String)>, tail: Vec<u8>, mime: Py<PyAny>) -> PyResult<Self> {
        let parts = parts
            .into_iter()
            .map(|(literal, name)| Ok((literal, slot(&name)?)))
            .collect::<PyResult<_>>()?;
        Ok(Self {
            template: Template::new(parts, tail),
            mime,
        })
    }
}

#[pyclass(frozen, module = "balu_core._native")]
pub struct Listing {
    seen: Vec<balu_paths::Entry>,
    #[pyo3(get)]
    total: usize,
    #[pyo3(get)]
    etag: String,
}

impl Listing {
    pub fn new(listing: balu_scan::Listing) -> Self {
        Self {
            seen: listing.entries,
            total: listing.total,
            etag: listing.etag,
        }
    }
}

#[pymethods]
impl Listing {
    #[getter]
    fn entries(&self) -> Vec<Entry> {
        self.seen.iter().cloned().map(Entry).collect()
    }

    fn __len__(&self) -> usize {
        self.seen.len()
    }

    fn stored_names(&self) -> Vec<String> {
        let name = |seen: &balu_paths::Entry| stored(&seen.name).into_owned();
        self.seen.iter().map(name).collect()
    }

    fn stale(&self, py: Python<'_>, rows: &Bound<'_, PyList>) -> PyResult<Vec<Entry>> {
        let rows = take(rows)?;
        Ok(py.detach(|| rows.stale(&self.seen).into_iter().cloned().map(Entry).collect()))
    }

    fn json<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyList>,
        template: PyRef<'py, ItemTemplate>,
        prefix: &str,
        folder_id: i64,
    ) -> PyResult<(Bound<'py, PyBytes>, String, usize)> {
        let rows = take(rows)?;
        let item: &ItemTemplate = &template;
        let mime = |name: &OsStr| Python::attach(|py| item.mime.call1(py, (name, "file"))?.extract(py));
        let about = (self.total, folder_id);
        let written = py.detach(|| rows.write(&self.seen, about, &item.template, prefix, mime))?;
        Ok((PyBytes::new(py, &written.body), written.etag, written.stale))
    }
}

/// Copy what Python holds, so that the rest needs no GIL.
fn take(list: &Bound<'_, PyList>) -> PyResult<Rows> {
    let mut arena = String::with_capacity(list.len() * 160);
    let mut rows = Vec::with_capacity(list.len());
    for item in list {
        let item = item.cast_into::<PyTuple>()?;
        let number = |index: usize| item.get_borrowed_item(index)?.extract::<i64>();
        let mut words = |index: usize| -> PyResult<Option<Range<usize>>> {
            let value = item.get_borrowed_item(index)?;
            Ok(value.extract::<Option<&str>>()?.map(|text| {
                let start = arena.len();
                arena.push_str(text);
                start..arena.len()
            }))
        };
        let required = || PyValueError::new_err("a row has a name and a kind");
        rows.push(Row {
            id: number(0)?,
            name: words(1)?.ok_or_else(required)?,
            kind: words(2)?.ok_or_else(required)?,
            owner: number(3)?,
            size: number(4)?,
            mtime_ns: number(5)?,
            ino: number(6)?,
            rev: number(7)?,
            blake3: words(8)?,
            sha256: words(9)?,
        });
    }
    Ok(Rows { arena, rows })
}

fn slot(name: &str) -> PyResult<Slot> {
    Ok(match name {
        "name" => Slot::Name,
        "path" => Slot::Path,
        "size" => Slot::Size,
        "type" => Slot::Type,
        "modified_at" => Slot::Modified,
        "owner_id" => Slot::Owner,
        "mime_type" => Slot::Mime,
        "file_id" => Slot::Id,
        "checksum" => Slot::Sha256,
        "blake3" => Slot::Blake3,
        "etag" => Slot::Etag,
        "readable" => Slot::Readable,
        _ => return Err(PyValueError::new_err("no such slot")),
    })
}
