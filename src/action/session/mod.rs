//! Actions on sessions, one per file.

pub mod has;
pub mod ls;
pub mod rename;
