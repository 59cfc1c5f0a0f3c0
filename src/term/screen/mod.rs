//! The screen.

pub(crate) mod cursor;
pub(crate) mod edit;
pub(crate) mod grid;
pub(crate) mod print;
pub(crate) mod rectangle;
pub(crate) mod resize;
pub(crate) mod tabs;
