//! Conversions between the state and its stored forms, both ways. Nothing here reads or writes.

pub(in crate::server) mod commands;
pub(in crate::server) mod screen;
pub(in crate::server) mod structure;
