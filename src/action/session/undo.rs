//! `session.undo`: brings back what was closed last.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::snapshot::asked;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
use crate::base::id::{PaneId, SessionId, TabId};
use crate::state::State;
use crate::state::call::Caller;
use crate::state::command_effect::SnapshotRequest;
use crate::state::undo::Reopened;

/// Bring back the pane, tab or session that was closed last
///
/// With its programs, which run on for a minute (`pane.undo_ms`), at its old place. What was closed
/// before that, or whose program ended, is made anew with what it showed: a shell starts there, and
/// a command runs again as `persist.restore` says.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct SessionUndo {}

/// What was brought back.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Back {
    /// `pane`, `tab` or `session`.
    pub what: String,
    /// The session.
    pub session: SessionId,
    /// The name of that session.
    pub name: String,
    /// The tab.
    pub tab: TabId,
    /// The pane.
    pub pane: PaneId,
}

impl Action for SessionUndo {
    const NAME: &'static str = "session.undo";
    const VERBS: &'static [&'static str] = &["undo"];
    const KEYS: &'static [DefaultKey] = &[("prefix u", "")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Back;
}

impl Apply for SessionUndo {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let Some(back) = cx.state.undo_close() else {
            let env = cx.session_env(None);
            return Ok(asked(cx, SnapshotRequest::Reopen { env }));
        };
        Ok(Answer::Now(Back::seen(cx.state, cx.caller, &back)))
    }
}

impl Back {
    /// As the answer tells it. Whoever asked for it sees it, but not inside of itself.
    pub fn seen(state: &mut State, caller: Caller, back: &Reopened) -> Self {
        let inside = caller.pane.and_then(|pane| state.panes.get(&pane)).map(|pane| pane.session);
        if let Some(client) = state.acting_view(caller, back.session) {
            let shows = state.view(client).at.session == Some(back.session);
            let is_nested = caller.client == Some(client) && inside == Some(back.session);
            if !shows && !is_nested {
                state.show_session(client, back.session);
            }
            if shows || !is_nested {
                state.focus_pane(Some(client), back.pane);
            }
        }
        let name = state.session(back.session).name.clone();
        Self { what: back.noun.into(), session: back.session, name, tab: back.tab, pane: back.pane }
    }
}
