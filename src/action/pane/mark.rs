//! `pane.mark`: marks panes, which `pane join`, `pane swap` and `pane sync` then mean.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::pane::{marked, tab_of};
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
use crate::base::id::PaneId;

/// Mark a pane, or take its mark away
///
/// `pane join` brings the marked panes here, `pane swap` exchanges one with the one in focus, and
/// `pane sync --marked` types into all of them.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneMark {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// Take the marks of all panes away
    #[arg(long, conflicts_with = "target")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub clear: bool,
}

impl Action for PaneMark {
    const NAME: &'static str = "pane.mark";
    const KEYS: &'static [DefaultKey] = &[("prefix m", ""), ("prefix M", "--clear")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Server;
    type Reply = Vec<PaneId>;
}

impl Apply for PaneMark {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if self.clear {
            cx.state.clear_marks();
            return Ok(Answer::Now(Vec::new()));
        }
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        tab_of(cx, pane)?;
        let marks = &mut cx.state.pane_mut(pane).marks;
        marks.chosen = !marks.chosen;
        Ok(Answer::Now(marked(cx)))
    }
}
