//! How the panes of a tab share its area: a tree of splits, solved into rectangles. It knows
//! neither tabs nor programs.

pub mod change;
pub mod float;
pub mod near;
pub mod preset;
pub mod solve;
pub mod tree;
