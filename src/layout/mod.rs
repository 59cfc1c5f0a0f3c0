//! The layout of a tab, by which its panes share the area: a tree of splits, solved into
//! rectangles. The layer knows neither tabs nor programs.

pub mod change;
pub mod preset;
pub mod solve;
pub mod tree;
