//! `layout.next`: arranges the panes of a tab by the next preset.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::TabTarget;
use crate::action::dto::TabItem;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
use crate::state::Preset;

/// Arrange the panes of a tab by the next preset
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LayoutNext {
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TabTarget>,
}

impl Action for LayoutNext {
    const NAME: &'static str = "layout.next";
    const KEYS: &'static [DefaultKey] = &[("prefix Space", "")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = TabItem;
}

impl Apply for LayoutNext {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        let preset = cx.state.tab(tab).preset.map_or(Preset::ALL[0], Preset::next);
        cx.state.apply_preset(tab, preset);
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}
