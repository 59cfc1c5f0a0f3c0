//! `pane.ls`: the panes of a tab.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::dto::PaneItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;
use crate::base::id::PaneId;

/// List panes
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneLs {
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TabTarget>,

    /// Those of all tabs of the session
    #[arg(short, long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub session: bool,

    /// Those of all sessions, and those that are being ended
    #[arg(short, long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

impl Action for PaneLs {
    const NAME: &'static str = "pane.ls";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Vec<PaneItem>;
}

impl Apply for PaneLs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = || TabTarget::or_own(self.target.as_ref(), cx);
        let panes: Vec<PaneId> = if self.all {
            cx.state.panes.keys().copied().collect()
        } else if self.session {
            let tabs = &cx.state.session(cx.state.tab(tab()?).session).tabs;
            tabs.iter().flat_map(|tab| cx.state.tab(*tab).panes()).collect()
        } else {
            cx.state.tab(tab()?).panes()
        };
        Ok(Answer::Now(panes.into_iter().map(|pane| PaneItem::of(cx.state, pane)).collect()))
    }
}
