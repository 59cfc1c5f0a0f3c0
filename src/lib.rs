//! abide keeps terminal sessions: a terminal multiplexer whose programs outlive its own server.
//!
//! The modules stand in layer order; each imports only from those above it (held by `tests/it/tidy.rs`).

pub mod base;
pub mod client;
pub mod settings;
pub mod wire;
// settings, term, layout, state, action, config, store, core, platform, keeper, server, client, cli follow in layer order
