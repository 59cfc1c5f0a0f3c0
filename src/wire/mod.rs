//! The data that crosses a process boundary: plain, versioned, append-only. No sockets.
//!
//! `keeper` is what server and keeper say: version 1 for ever, since a keeper is older than its
//! server. `packet` frames what server and client say, `hello`, `frame`, `image` and `scroll` are
//! the messages, `rpc` is JSON-RPC for calls.
//!
//! The layer imports `base`; `keeper` may use `wire::keeper` alone, `server`, `client` and `cli`
//! all of it. Tests: beside the code, and `tests/it/skew.rs`, which reads what other versions have
//! said (`tests/skew`): a new message wants a recording there.

pub mod frame;
pub mod hello;
pub mod image;
pub mod keeper;
pub mod packet;
pub mod rpc;
pub mod scroll;
pub mod span;
