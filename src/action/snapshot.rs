//! Snapshots of sessions: save, restore, list and remove them.

use std::collections::BTreeMap;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::SessionTarget;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::base::id::SessionId;
use crate::settings::{Keep, RerunPolicy};
use crate::state::call::{CommandWait, Pending};
use crate::state::command_effect::SnapshotRequest;
use crate::state::effect::Effect;
use crate::state::target::check_name;

actions! {
    server SnapshotSave;
    server SnapshotRestore;
    server SnapshotLs;
    server SnapshotRemove;
}

/// A snapshot in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SnapshotItem {
    /// The snapshot's name.
    pub snapshot: String,
    /// The time when it was made, in milliseconds since 1970; the time when its file was changed,
    /// if it cannot be read.
    pub created_wall: u64,
    /// The names of its sessions.
    pub sessions: Vec<String>,
    /// The number of its panes.
    pub panes: u64,
    /// The size of its file.
    pub bytes: u64,
    /// True if a person gave it its name; the oldest of the others make room for new ones.
    pub named: bool,
    /// The fault that it has; then nothing of it can be restored.
    pub problem: Option<String>,
}

/// A session that was made of a snapshot.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RestoredSession {
    /// The session's id.
    pub session: SessionId,
    /// The session's name.
    pub name: String,
    /// The number of its panes.
    pub panes: usize,
    /// The number of them that wait to be told whether their commands are to run.
    pub held: usize,
}

/// Lets the edge answer the call.
pub(super) fn asked<R>(cx: &mut Cx<'_>, request: SnapshotRequest) -> Answer<R> {
    cx.fx.push(Effect::Snapshots { call: cx.call, request });
    Answer::later(Pending::Command(CommandWait::Served { command: None }))
}

/// Save a snapshot of all sessions
///
/// Layouts, names, directories, commands and what panes show go into a file of their own;
/// `abide restore NAME` makes the sessions anew from it. Without a name it is given one, and the
/// oldest such make room (`persist.snapshots`).
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SnapshotSave {
    /// The snapshot's name
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// Only this session
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,

    /// In place of the one of that name
    #[arg(long, requires = "name")]
    pub replace: bool,
}

impl Action for SnapshotSave {
    const NAME: &'static str = "snapshot.save";
    const VERBS: &'static [&'static str] = &["save"];
    const KEYS: &'static [DefaultKey] = &[("prefix S", "")];
    const ACCESS: Access = Access::Admin;
    type Reply = SnapshotItem;
}

impl Apply for SnapshotSave {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        self.name.as_deref().map_or(Ok(()), check_name)?;
        let session = self.target.as_ref().map(|target| target.find(cx)).transpose()?;
        if cx.state.sessions.is_empty() {
            return Err(Refusal::new(Code::NotFound, "there is no session to save")
                .hint("abide new makes one"));
        }
        // The state that is kept for a reboot is written too, so that both are equally new.
        cx.state.pending_work.save = cx.settings.persist.keep != Keep::Nothing;
        Ok(asked(cx, SnapshotRequest::Save { name: self.name, session, replace: self.replace }))
    }
}

/// Make the sessions of a snapshot anew
///
/// They stand beside those that are there: a name that is taken gets a number after it. Panes show
/// what they showed, and their commands run again as `persist.restore` says.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotRestore {
    /// The snapshot
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Run all commands again without asking
    #[arg(long, conflicts_with = "shells")]
    #[serde(default)]
    pub run: bool,

    /// Start shells in place of commands
    #[arg(long)]
    #[serde(default)]
    pub shells: bool,

    /// The environment its programs get. The command line fills it in.
    #[arg(skip)]
    pub env: Option<BTreeMap<String, String>>,
}

impl Action for SnapshotRestore {
    const NAME: &'static str = "snapshot.restore";
    const VERBS: &'static [&'static str] = &["restore"];
    const ACCESS: Access = Access::Admin;
    type Reply = Vec<RestoredSession>;
}

impl Apply for SnapshotRestore {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        check_name(&self.name)?;
        let env = cx.session_env(self.env.map(|env| env.into_iter().collect()));
        let rerun = match (self.run, self.shells) {
            (true, _) => Some(RerunPolicy::Always),
            (_, true) => Some(RerunPolicy::Never),
            _ => None,
        };
        Ok(asked(cx, SnapshotRequest::Restore { name: self.name, env, rerun }))
    }
}

/// List snapshots, the latest first
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SnapshotLs {}

impl Action for SnapshotLs {
    const NAME: &'static str = "snapshot.ls";
    const VERBS: &'static [&'static str] = &["snapshots"];
    const ACCESS: Access = Access::Read;
    type Reply = Vec<SnapshotItem>;
}

impl Apply for SnapshotLs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        Ok(asked(cx, SnapshotRequest::List))
    }
}

/// Remove a snapshot
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotRemove {
    /// The snapshot
    #[arg(value_name = "NAME")]
    pub name: String,
}

impl Action for SnapshotRemove {
    const NAME: &'static str = "snapshot.remove";
    const VERBS: &'static [&'static str] = &[];
    const ACCESS: Access = Access::Admin;
    type Reply = ();
}

impl Apply for SnapshotRemove {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        check_name(&self.name)?;
        Ok(asked(cx, SnapshotRequest::Remove { name: self.name }))
    }
}
