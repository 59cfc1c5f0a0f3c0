//! The part of `process.ps` that a client reads, typed: thousands of processes every second are too
//! many to be read as values.

use serde::Deserialize;

use crate::base::id::{CommandId, PaneId, SessionId};

/// A process as the server lists it; the action documents the fields.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ProcessRow {
    /// The process id; 0 for a command that has ended.
    pub pid: i32,
    /// The moment when it started, in clock ticks since boot.
    pub start_time: u64,
    /// The distance below a leader.
    pub depth: usize,
    /// The session it runs in.
    pub session: Option<SessionId>,
    /// The pane it runs in.
    pub pane: Option<PaneId>,
    /// The command it is part of.
    pub command: Option<CommandId>,
    /// The state, as a word.
    pub state: String,
    /// The share of one processor, in hundredths.
    pub cpu: f64,
    /// Resident memory, in bytes.
    pub rss: u64,
    /// The time it has been running, in milliseconds.
    pub age_ms: u64,
    /// The program and its arguments.
    pub command_line: String,
}
