//! What directories hold: sorted windows, whole walks, sums, hashes. Nothing here changes a file.

mod items;
mod listing;
mod order;
mod snapshot;
mod walk;

pub use items::{Row, Rows, Slot, Template, Written, stored};
pub use listing::{Cache, Listing, Query};
pub use order::{Sort, natural_key};
pub use walk::{Measure, hash, measure, walk};
