//! The end of sessions and the undo of a close.

use std::collections::BTreeSet;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{Closing, SessionTarget};
use crate::action::completion::Stopped;
use crate::action::context::ClosedPanes;
use crate::action::snapshot::asked;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::base::id::{PaneId, SessionId, TabId};
use crate::state::State;
use crate::state::call::Caller;
use crate::state::command_effect::SnapshotRequest;
use crate::state::pane::{Pane, PaneEnd, ProgramState};
use crate::state::undo::{ClosedItem, Reopened};

/// Close a session; `undo` brings it back
///
/// It is hidden and its programs run on for a minute (`pane.undo_ms`), then they are told to end,
/// with their whole process trees, killed after the grace, and verified to be gone. With --now that
/// happens at once, and the answer comes when it is done. Clients that show it go to the session
/// they showed before, or leave.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionClose {
    /// The session; else the one you are in
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,

    /// The way it is closed.
    #[command(flatten)]
    #[serde(flatten)]
    pub closing: Closing,
}

impl Action for SessionClose {
    const NAME: &'static str = "session.close";
    const KEYS: &'static [DefaultKey] = &[("prefix X", "")];
    const ACCESS: Access = Access::Admin;
    type Reply = Stopped;
}

impl Apply for SessionClose {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let what = format!("session {}", cx.state.session(session).name);
        let panes = cx
            .state
            .session(session)
            .tabs
            .iter()
            .flat_map(|tab| cx.state.tab(*tab).panes())
            .collect();
        let closed = ClosedPanes { what: &what, panes, session: Some(session) };
        Ok(cx.close(&self.closing, closed, |state, until| {
            state.hide_session_for_undo(session, until);
        }))
    }
}

/// End sessions and all their programs
///
/// Programs are told to end, killed after the grace, and verified to be gone before the answer
/// comes. So are those of what was closed in it and could still be brought back.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionKill {
    /// The sessions
    #[arg(value_name = "SESSION")]
    pub targets: Vec<SessionTarget>,

    /// All sessions
    #[arg(long)]
    pub all: bool,

    /// Time that programs have to end by themselves, such as 2s
    #[arg(long = "grace", value_name = "DURATION", value_parser = crate::action::args::millis)]
    pub grace_ms: Option<u64>,
}

impl Action for SessionKill {
    const NAME: &'static str = "session.kill";
    const VERBS: &'static [&'static str] = &["kill"];
    const ACCESS: Access = Access::Admin;
    type Reply = Stopped;
}

impl Apply for SessionKill {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let sessions = self.sessions(cx)?;
        let tabs = sessions.iter().flat_map(|session| cx.state.session(*session).tabs.clone());
        let mut panes: Vec<PaneId> = tabs.flat_map(|tab| cx.state.tab(tab).panes()).collect();
        let closed = |grave: &&ClosedItem| self.all || sessions.contains(&grave.session.id);
        panes.extend(cx.state.closed_items.iter().filter(closed).flat_map(ClosedItem::panes));
        let hidden = cx.state.closed_items.iter().filter(closed).map(|item| item.session.id);
        let killed: BTreeSet<SessionId> = sessions.iter().copied().chain(hidden).collect();
        // Programs that were to outlive panes which are just being closed end too.
        let is_ending = |pane: &&Pane| {
            pane.life == ProgramState::Ending
                && pane.tab.is_none()
                && killed.contains(&pane.session)
        };
        panes.extend(cx.state.panes.values().filter(is_ending).map(|pane| pane.id));
        cx.state.commands.killed.extend(killed);
        let end = PaneEnd { grace: cx.grace(self.grace_ms), spares: false };
        Ok(cx.stop(panes, end))
    }
}

impl SessionKill {
    fn sessions(&self, cx: &Cx<'_>) -> Result<BTreeSet<SessionId>, Refusal> {
        if self.all {
            return Ok(cx.state.sessions.keys().copied().collect());
        }
        if self.targets.is_empty() {
            return Err(Refusal::new(
                Code::InvalidParams,
                "session.kill: name a session, or say --all",
            )
            .hint("abide ls"));
        }
        self.targets.iter().map(|target| Self::session(cx, target)).collect()
    }

    /// A session; the id of a pane or tab would end more than it says.
    fn session(cx: &Cx<'_>, target: &SessionTarget) -> Result<SessionId, Refusal> {
        let (noun, text) = match &target.0 {
            text if text.parse::<PaneId>().is_ok() => ("pane", text),
            text if text.parse::<TabId>().is_ok() => ("tab", text),
            _ => return target.find(cx),
        };
        Err(Refusal::new(Code::InvalidParams, format!("{text} is a {noun} and no session"))
            .hint(format!("abide {noun} close -t {text}")))
    }
}

/// Bring back the pane, tab or session that was closed last
///
/// With its programs, which run on for a minute (`pane.undo_ms`), at its old place. What was closed
/// before that, or whose program ended, is made anew with what it showed: a shell starts there, and
/// a command runs again as `persist.restore` says.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct SessionUndo {}

/// A pane, tab or session that was brought back.
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
