//! Conversions between the state and its stored forms, both ways. Nothing here reads or writes.
//!
//! The one place that knows both sides: every direction names every field, so a field that is
//! forgotten does not compile. `persist`, `startup` and `commands/handoff` call it. Tests: beside
//! the code, `tests/it/skew.rs`.

pub(in crate::server) mod commands;
pub(in crate::server) mod screen;
pub(in crate::server) mod structure;
