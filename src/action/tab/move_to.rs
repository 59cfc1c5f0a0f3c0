//! `tab.move`: puts a tab elsewhere in the tab bar.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::dto::TabItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};

/// Move a tab to another place in the tab bar
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct TabMoveTo {
    /// The number it gets; beyond the last it becomes the last
    pub to: usize,
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TabTarget>,
}

impl Action for TabMoveTo {
    const NAME: &'static str = "tab.move";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = TabItem;
}

impl Apply for TabMoveTo {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        let at = self
            .to
            .checked_sub(1)
            .ok_or_else(|| Refusal::new(Code::InvalidParams, "to: tabs are numbered from 1"))?;
        cx.state.move_tab(tab, at);
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}
