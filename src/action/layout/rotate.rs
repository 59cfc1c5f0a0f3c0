//! `layout.rotate`: moves every pane of a tab to the place of the next.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::dto::TabItem;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;

/// Move every pane of a tab to the place of the next one
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LayoutRotate {
    /// To the place of the one before instead
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub back: bool,

    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TabTarget>,
}

impl Action for LayoutRotate {
    const NAME: &'static str = "layout.rotate";
    const KEYS: &'static [DefaultKey] = &[("prefix C-o", ""), ("prefix M-o", "--back")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = TabItem;
}

impl Apply for LayoutRotate {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        cx.state.rotate(tab, !self.back);
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}
