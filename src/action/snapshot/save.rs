//! `snapshot.save`: a snapshot of sessions, to be restored later.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::SessionTarget;
use crate::action::snapshot::{SnapshotItem, asked};
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::{Code, Refusal};
use crate::settings::Keep;
use crate::state::command_effect::SnapshotRequest;
use crate::state::name::check_name;

/// Save a snapshot of all sessions
///
/// Layouts, names, directories, commands and what panes show go into a file of their own;
/// `abide restore NAME` makes the sessions anew from it. Without a name it is given one, and the
/// oldest such make room (`persist.snapshots`).
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SnapshotSave {
    /// Its name
    #[arg(value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Only this session
    #[arg(short, long, value_name = "SESSION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<SessionTarget>,

    /// In place of the one of that name
    #[arg(long, requires = "name")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replace: bool,
}

impl Action for SnapshotSave {
    const NAME: &'static str = "snapshot.save";
    const VERBS: &'static [&'static str] = &["save"];
    const KEYS: &'static [DefaultKey] = &[("prefix S", "")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
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
        // What is kept for a reboot is as new then.
        cx.state.pending_work.save = cx.settings.persist.keep != Keep::Nothing;
        Ok(asked(cx, SnapshotRequest::Save { name: self.name, session, replace: self.replace }))
    }
}
