//! Reading configuration files into settings, and settings into a keymap. Pure: text in, values or
//! diagnostics out.
//!
//! `load` and `check` read a file, `diag` shows its faults, `keymap` knows what a key does, `tmux`
//! translates a configuration of tmux.
//!
//! `cli`, `client` and `server` use it. Tests: beside the code, `tests/it/config.rs`,
//! `tests/it/e2e_config.rs`.

mod check;
pub mod diag;
pub mod keymap;
pub mod load;
pub mod reference;
pub mod theme;
pub mod tmux;
mod tmux_options;
pub mod words;
