//! What the tasks that only move bytes tell the loop.

use tokio::net::UnixStream;

use crate::base::id::{CallId, CommandId, PaneId};
use crate::store::log::Stream;

/// The most events that wait for the loop; the tasks wait beyond that.
pub(super) const EVENTS_MAX: usize = 512;

/// Number of a connection, for as long as this server lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ConnId(pub(super) u64);

/// What the tasks that only move bytes tell the loop.
#[derive(Debug)]
pub(super) enum Event {
    /// Somebody connected.
    Opened(UnixStream),
    /// Bytes arrived on a connection.
    Bytes(ConnId, Vec<u8>),
    /// A connection was closed by its peer, or is broken.
    Closed(ConnId),
    /// A connection that was full takes bytes again.
    Writable(ConnId),
    /// A pane's program takes input again.
    Drained(PaneId),
    /// Something about commands.
    Procs(ProcEvent),
}

/// What the tasks of commands tell the loop.
#[derive(Debug, Clone, Copy)]
pub(super) enum ProcEvent {
    /// A FIFO has output.
    Readable(CommandId, Stream),
    /// The FIFO to a command takes input again.
    Writable(CommandId),
    /// The pipe to a program takes input again.
    JobWritable(u64),
    /// What a call waits for is there.
    Ready(CallId, &'static str),
}
