//! One table from refusals to Python's own exceptions.

use std::ffi::OsString;

use balu_paths::Error;
use pyo3::create_exception;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use rustix::io::Errno;

create_exception!(
    balu_core._native,
    StaleTargetError,
    PyOSError,
    "The name no longer holds what the caller saw: ``errno`` is ESTALE, nothing was changed."
);

/// `ValueError` for names, the fitting subclass of `OSError` for everything the system said.
pub fn refuse(error: Error) -> PyErr {
    match error {
        Error::Name(refusal) => PyValueError::new_err(refusal.to_string()),
        Error::System { errno, path } => PyOSError::new_err(arguments(errno, path)),
        Error::Stale { path } => StaleTargetError::new_err(arguments(Errno::STALE, path)),
    }
}

/// The same for a bare errno.
pub fn refuse_errno(errno: Errno) -> PyErr {
    PyOSError::new_err(arguments(errno, OsString::new()))
}

fn arguments(errno: Errno, path: OsString) -> (i32, String, Option<OsString>) {
    let code = errno.raw_os_error();
    let text = std::io::Error::from(errno).to_string();
    let said = text
        .strip_suffix(&format!(" (os error {code})"))
        .unwrap_or(&text)
        .to_owned();
    (code, said, (!path.is_empty()).then_some(path))
}
