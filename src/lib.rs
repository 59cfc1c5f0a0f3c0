//! abide keeps terminal sessions: a terminal multiplexer whose programs outlive its own server.
//!
//! The modules stand in layer order; each imports only from those above it (held by `tests/it/tidy.rs`).

pub mod base;
pub mod term;
