//! Persistence: slots that outlive this server, the database that outlives the machine, snapshots of
//! sessions, and the files of closed items.

pub(in crate::server) mod buffer_slots;
pub(in crate::server) mod convert;
pub(in crate::server) mod database;
pub(in crate::server) mod slots;
pub(in crate::server) mod snapshot;
pub(in crate::server) mod undo;
pub(in crate::server) mod writer;
