//! What directories and files hold.

use std::ffi::OsString;

use balu_scan::{Query, Sort};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::Volume;
use crate::entry::Entry;
use crate::listing::Listing;
use crate::source::Source;

#[pymethods]
impl Volume {
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
        Ok(Listing::new(listing))
    }

    #[pyo3(signature = (path, *, sort="name", descending=false, offset=0, limit=500))]
    fn listing_now(
        &self,
        path: OsString,
        sort: &str,
        descending: bool,
        offset: usize,
        limit: usize,
    ) -> PyResult<Option<Listing>> {
        let query = Query {
            sort: order(sort)?,
            descending,
            offset,
            limit,
            contains: None,
        };
        let listing = self.at_once(|held| Ok(held.cache.listing_now(held.volume.root(), &path, &query)))?;
        Ok(listing.map(Listing::new))
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

    fn open_now(&self, py: Python<'_>, path: OsString) -> PyResult<Option<Source>> {
        self.at_once(|held| held.volume.root().file_now(&path))?
            .map(|(file, entry)| Source::new(py, file, entry, self.keys.as_deref()))
            .transpose()
    }

    fn open(&self, py: Python<'_>, path: OsString) -> PyResult<Source> {
        let (file, entry) = self.with(py, |held| held.volume.root().file(&path))?;
        Source::new(py, file, entry, self.keys.as_deref())
    }
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
