//! `pane.next`: gives the next pane the focus.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::dto::PaneItem;
use crate::action::pane::{after, focus};
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
use crate::state::target;

/// Give the next pane of the tab the focus
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneNext {
    /// The one before instead
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub back: bool,
}

impl Action for PaneNext {
    const NAME: &'static str = "pane.next";
    const KEYS: &'static [DefaultKey] = &[("prefix o", "")];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PaneNext {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let from = target::pane(cx.state, cx.caller, "")?;
        let pane = after(cx, from, self.back)?;
        focus(cx, pane)
    }
}
