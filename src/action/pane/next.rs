//! `pane.next`: gives the next pane the focus.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::item::PaneItem;
use crate::action::pane::{after, focus};
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Place};
use crate::base::error::Refusal;
use crate::state::target;

/// Give the next pane of the tab the focus
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Next {
    /// The one before instead
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub back: bool,
}

impl Action for Next {
    const NAME: &'static str = "pane.next";
    const KEYS: &'static [DefaultKey] = &[("prefix o", "")];
    const ACCESS: Access = Access::Read;
    const PLACE: Place = Place::Server;
    type Reply = PaneItem;
}

impl Apply for Next {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let from = target::pane(cx.state, cx.caller, "")?;
        let pane = after(cx, from, self.back)?;
        focus(cx, pane)
    }
}
