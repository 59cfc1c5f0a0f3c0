//! abide keeps terminal sessions: a terminal multiplexer whose programs outlive its own server.
//!
//! The modules stand in layer order; each imports only from those above it (held by `tests/it/tidy.rs`).

pub mod base;
pub mod settings;
// term
pub mod action;
pub mod layout;
pub mod state;
pub mod wire;
// config, store, core, platform, keeper, server, client, cli follow in layer order
