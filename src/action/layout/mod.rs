//! Actions on layouts, one per file.

pub mod apply;
pub mod equalise;
pub mod next;
pub mod rotate;
pub mod save;
pub mod shape;
