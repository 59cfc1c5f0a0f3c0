//! Reading configuration files into settings, and settings into a keymap. Pure: text in, values or
//! diagnostics out.

mod check;
pub mod diag;
pub mod keymap;
pub mod load;
pub mod presets;
pub mod reference;
pub mod theme;
pub mod tmux;
pub mod words;
