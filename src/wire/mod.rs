//! The data that crosses a process boundary: plain, versioned, append-only. No sockets.

pub mod frame;
pub mod hello;
pub mod image;
pub mod keeper;
pub mod packet;
pub mod rpc;
pub mod scroll;
pub mod span;
