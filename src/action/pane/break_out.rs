//! `pane.break`: moves a pane into a tab of its own.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::dto::PaneItem;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;

/// Move a pane into a tab of its own
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneBreakOut {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// Do not show it
    #[arg(short = 'd', long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub background: bool,
}

impl Action for PaneBreakOut {
    const NAME: &'static str = "pane.break";
    const KEYS: &'static [DefaultKey] = &[("prefix !", "")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PaneBreakOut {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let session = cx.state.pane(pane).session;
        let at = cx.state.sessions.get(&session).map_or(0, |session| session.tabs.len());
        cx.state.break_pane(pane, at)?;
        if !self.background {
            let client = cx.state.following_view(cx.caller, session);
            cx.state.focus_pane(client, pane);
        }
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}
