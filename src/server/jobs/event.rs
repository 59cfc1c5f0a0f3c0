//! What tasks tell the loop about commands. Nothing is done here.

use crate::base::id::{CallId, CommandId};
use crate::store::log::Stream;

/// What the tasks of commands tell the loop.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) enum ProcEvent {
    /// A FIFO has output.
    Readable(CommandId, Stream),
    /// The FIFO to a command takes input again.
    Writable(CommandId),
    /// The pipe to a program takes input again.
    JobWritable(u64),
    /// What a call waits for is there.
    Ready(CallId, &'static str),
}
