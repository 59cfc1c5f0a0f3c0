//! abide keeps terminal sessions: a terminal multiplexer whose programs outlive its own server.
//!
//! The modules stand in layer order; each imports only from those above it (held by
//! `tests/it/tidy.rs`).

pub mod base;

pub mod layout;
pub mod settings;
pub mod term;

pub mod state;

pub mod action;

pub mod config;
pub mod store;
pub mod wire;

pub mod core;

pub mod platform;

pub mod cli;
pub mod client;
pub mod keeper;
pub mod record;
pub mod server;
