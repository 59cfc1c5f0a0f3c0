//! `tab.swap`: exchanges the places of two tabs.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::dto::TabItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};

/// Exchange the places of two tabs in the tab bar
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct TabSwap {
    /// The other tab
    #[arg(value_name = "TAB")]
    pub with: TabTarget,
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TabTarget>,
}

impl Action for TabSwap {
    const NAME: &'static str = "tab.swap";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = TabItem;
}

impl Apply for TabSwap {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        let with = self.with.find(cx)?;
        if cx.state.tab(tab).session != cx.state.tab(with).session {
            let refusal = Refusal::new(
                Code::InvalidParams,
                format!("tabs {tab} and {with} are of two sessions"),
            );
            return Err(refusal.hint(
                "name two tabs of one session; abide pane join brings panes of another here",
            ));
        }
        let (at, to) = (cx.state.tab_index(tab) - 1, cx.state.tab_index(with) - 1);
        cx.state.move_tab(tab, to);
        cx.state.move_tab(with, at);
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}
