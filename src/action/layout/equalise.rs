//! `layout.equalise`: gives the panes of a tab the same sizes.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::dto::TabItem;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;

/// Give the panes that share a row or a column the same sizes
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LayoutEqualise {
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TabTarget>,
}

impl Action for LayoutEqualise {
    const NAME: &'static str = "layout.equalise";
    const KEYS: &'static [DefaultKey] = &[("prefix E", "")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = TabItem;
}

impl Apply for LayoutEqualise {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        cx.state.equalise(tab);
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}
