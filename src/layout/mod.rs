//! The layout of a tab, by which its panes share the area: a tree of splits, solved into
//! rectangles. The layer knows neither tabs nor programs.
//!
//! `tree` is the data, `change` edits it, `solve` gives rectangles, `preset` has ready-made ones.
//!
//! The layer imports `base`; `state` changes layouts, and `server` keeps them. Tests: `solve`, and
//! `tests/it/layout_model.rs`, where a model is checked after each step.

pub mod change;
pub mod preset;
pub mod solve;
pub mod tree;
