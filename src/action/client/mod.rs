//! Actions on clients, one per file.

pub mod detach;
pub mod ls;
