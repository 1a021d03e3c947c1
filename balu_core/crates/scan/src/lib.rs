//! What directories hold: sorted windows, whole walks, sums, hashes. Nothing here changes a file.

mod listing;
mod order;
mod snapshot;
mod walk;

pub use listing::{Cache, Listing, Query};
pub use order::{Sort, natural_key};
pub use walk::{Measure, hash, measure, walk};
