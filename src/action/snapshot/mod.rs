//! Actions on snapshots of sessions, one per file. Snapshots are files, so the edge answers.

pub mod ls;
pub mod remove;
pub mod restore;
pub mod save;

use schemars::JsonSchema;
use serde::Serialize;

use crate::action::{Answer, Cx};
use crate::base::id::SessionId;
use crate::state::call::{CommandWait, Pending};
use crate::state::command_effect::SnapshotRequest;
use crate::state::effect::Effect;

/// A snapshot in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SnapshotItem {
    /// Its name.
    pub snapshot: String,
    /// When it was made, in milliseconds since 1970; when its file was changed, if it cannot be
    /// read.
    pub created_wall: u64,
    /// The names of its sessions.
    pub sessions: Vec<String>,
    /// How many panes it has.
    pub panes: u64,
    /// The size of its file.
    pub bytes: u64,
    /// Whether a person gave it its name; the oldest of the others make room for new ones.
    pub named: bool,
    /// What is wrong with it; then nothing of it can be restored.
    pub problem: Option<String>,
}

/// A session that was made of a snapshot.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RestoredSession {
    /// Its id.
    pub session: SessionId,
    /// Its name.
    pub name: String,
    /// How many panes it has.
    pub panes: usize,
    /// How many of them wait to be told whether their commands are to run.
    pub held: usize,
}

/// Lets the edge answer the call.
pub(super) fn asked<R>(cx: &mut Cx<'_>, request: SnapshotRequest) -> Answer<R> {
    cx.fx.push(Effect::Snapshots { call: cx.call, request });
    Answer::later(Pending::Command(CommandWait::Served { command: None }))
}
