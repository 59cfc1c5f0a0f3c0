//! JobKind tasks tell the loop about commands. Nothing is done here.

use crate::base::id::{CallId, CommandId};
use crate::base::time::Tick;
use crate::platform::process_snapshot::{EnvMarkers, ProcessSnapshot};
use crate::server::commands::ProcessSamples;
use crate::store::log::LogStream;

/// JobKind the tasks of commands tell the loop.
#[derive(Debug)]
pub(in crate::server) enum CommandTaskEvent {
    /// A FIFO has output.
    Readable(CommandId, LogStream),
    /// The FIFO to a command takes input again.
    Writable(CommandId),
    /// The pipe to a program takes input again.
    JobWritable(u64),
    /// JobKind a call waits for is there.
    Ready(CallId, &'static str),
    /// The process table was looked at for what is being stopped.
    Looked(Box<Look>),
    /// The table of processes that a call asked for, as JSON, and what is remembered of them for
    /// the next.
    Table(CallId, String, ProcessSamples),
}

/// A look at the process table.
#[derive(Debug)]
pub(in crate::server) struct Look {
    pub(in crate::server) picture: ProcessSnapshot,
    pub(in crate::server) marks: EnvMarkers,
    /// Orphans that were ended just before, and of what command.
    pub(in crate::server) killed: Vec<(CommandId, (i32, u64))>,
    /// No orphan was reaped while the table was read (`wire::keeper::CONTROL_REAPS`).
    pub(in crate::server) is_whole: bool,
    pub(in crate::server) began: Tick,
}
