//! Actions on the shells of panes, one per file.

pub mod integrate;
pub mod rerun;
