//! `pane.sync`: typing into several panes at once.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::pane::marked;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;

/// Type into all panes of a tab at once, or into the marked ones
///
/// What is typed or pasted into one of them is typed into the others of the same tab too; their
/// borders say so. Without a flag it is switched.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneSync {
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TabTarget>,

    /// From now on
    #[arg(long, group = "state")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub on: bool,

    /// No longer
    #[arg(long, group = "state")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,

    /// Only the marked panes
    #[arg(long, conflicts_with = "off")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub marked: bool,
}

impl Action for PaneSync {
    const NAME: &'static str = "pane.sync";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Vec<PaneId>;
}

impl Apply for PaneSync {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        let all = cx.state.tab(tab).panes();
        let is_on = all.iter().any(|pane| cx.state.pane(*pane).is_synced);
        let chosen = marked(cx);
        let wanted: Vec<PaneId> =
            all.iter().copied().filter(|pane| !self.marked || chosen.contains(pane)).collect();
        if self.marked && wanted.len() < 2 {
            return Err(Refusal::new(
                Code::InvalidParams,
                "pane.sync: fewer than two panes of the tab are marked",
            )
            .hint("prefix m marks one"));
        }
        let wanted =
            if self.on || self.marked || (!self.off && !is_on) { wanted } else { Vec::new() };
        cx.state.synchronize(tab, &wanted);
        Ok(Answer::Now(wanted))
    }
}
