//! Reading configuration files into settings, and settings into a keymap. Pure: text in, values or
//! diagnostics out.
//!
//! `cli`, `client` and `server` use it. Tests: tests/it/config.rs, `tests/it/e2e_config.rs`.

mod check;
pub mod diag;
pub mod keymap;
pub mod load;
pub mod reference;
pub mod theme;
pub mod tmux;
pub mod words;
