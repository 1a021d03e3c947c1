//! Python face of the native half: convert, let go of the GIL, call the pure crates, map the refusal.

mod entry;
mod errors;
mod listing;
mod sealed;
mod sink;
mod source;
mod vault;
mod volume;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

/// Largest input hashed without letting go of the GIL; below it the hand-over costs more than the hash.
const INLINE: usize = 16 << 10;

#[pyfunction]
fn blake3_hex(py: Python<'_>, data: PyBackedBytes) -> String {
    if data.len() <= INLINE {
        return blake3::hash(&data).to_hex().to_string();
    }
    py.detach(|| blake3::hash(&data).to_hex().to_string())
}

#[pyfunction]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

#[pymodule(name = "_native", gil_used = false)]
fn native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add(
        "__all__",
        [
            "Entry",
            "ItemTemplate",
            "Listing",
            "Part",
            "Progress",
            "Published",
            "Sink",
            "Source",
            "StaleTargetError",
            "VaultKeys",
            "Volume",
            "blake3_hex",
            "version",
        ],
    )?;
    module.add(
        "StaleTargetError",
        module.py().get_type::<errors::StaleTargetError>(),
    )?;
    module.add_class::<entry::Entry>()?;
    module.add_class::<listing::ItemTemplate>()?;
    module.add_class::<listing::Listing>()?;
    module.add_class::<volume::carry::Progress>()?;
    module.add_class::<entry::Published>()?;
    module.add_class::<sink::Part>()?;
    module.add_class::<sink::Sink>()?;
    module.add_class::<source::Source>()?;
    module.add_class::<vault::VaultKeys>()?;
    module.add_class::<volume::Volume>()?;
    module.add_function(wrap_pyfunction!(blake3_hex, module)?)?;
    module.add_function(wrap_pyfunction!(version, module)?)
}
