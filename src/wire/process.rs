//! What a client reads of `process.ps`, typed: thousands of processes every second are too many to
//! be read as values.

use serde::Deserialize;

use crate::base::id::{CommandId, PaneId, SessionId};

/// A process as the server lists it; the action documents the fields.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ProcessRow {
    /// Its id; 0 for a command that has ended.
    pub pid: i32,
    /// The moment when it started, in clock ticks since boot.
    pub start_time: u64,
    /// How far below a leader it is.
    pub depth: usize,
    /// Its session.
    pub session: Option<SessionId>,
    /// The pane it runs in.
    pub pane: Option<PaneId>,
    /// The command it is part of.
    pub command: Option<CommandId>,
    /// Its state, as a word.
    pub state: String,
    /// The share of one processor, in hundredths.
    pub cpu: f64,
    /// Resident memory, in bytes.
    pub rss: u64,
    /// The time it has been running, in milliseconds.
    pub age_ms: u64,
    /// Its program and arguments.
    pub command_line: String,
}
