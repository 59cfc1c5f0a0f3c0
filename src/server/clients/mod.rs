//! Clients: their connections, the frames and images they are sent, and their reading of scrollback.
//! Tests are in the files; `tests/it/e2e_*` prove the wiring.

pub(in crate::server) mod connection;
pub(in crate::server) mod frame;
pub(in crate::server) mod images;
pub(in crate::server) mod scroll;
