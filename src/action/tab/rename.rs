//! `tab.rename`: names a tab.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::dto::TabItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;

/// Name a tab
///
/// Without a name it is called by its program again.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabRename {
    /// The new name
    #[arg(value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TabTarget>,
}

impl Action for TabRename {
    const NAME: &'static str = "tab.rename";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = TabItem;
}

impl Apply for TabRename {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        cx.state.rename_tab(tab, self.name)?;
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}
