//! `pane.stack`: panes that share a place, one of them open.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::dto::PaneItem;
use crate::action::pane::{after, tab_of};
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::{Code, Refusal};

/// Put a pane on a stack with another: one is open, of the others only the title shows
///
/// With the named one, else with the one before it in its tab. With --off the panes of its stack
/// stand one below the other again, and all are in one stack with --all. The one that gets the
/// focus is the open one.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneStack {
    /// The pane it is stacked with
    #[arg(value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<PaneTarget>,

    /// Stack all panes of the tab
    #[arg(long, group = "how", conflicts_with = "with")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,

    /// Put the panes of its stack one below the other again
    #[arg(long, group = "how", conflicts_with = "with")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,

    /// Take its stack apart if it is in one, else stack it
    #[arg(long, group = "how", conflicts_with = "with")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub toggle: bool,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneStack {
    const NAME: &'static str = "pane.stack";
    const KEYS: &'static [DefaultKey] = &[("prefix g s", "--toggle")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PaneStack {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let tab = tab_of(cx, pane)?;
        cx.state.set_floating(pane, false)?;
        let is_stacked = cx.state.tab(tab).layout.is_stacked(pane);
        if self.off || (self.toggle && is_stacked) {
            cx.state.unstack(tab, pane);
        } else if self.all {
            cx.state.stack_all(tab, pane);
        } else {
            let with = match &self.with {
                Some(with) => with.find(cx)?,
                None => after(cx, pane, true)?,
            };
            if with == pane || tab_of(cx, with)? != tab || cx.state.tab(tab).is_float(with) {
                let refusal = Refusal::new(
                    Code::InvalidParams,
                    format!("pane {pane} cannot be stacked with pane {with}"),
                );
                return Err(refusal
                    .hint("they have to be two panes of one layout; abide pane join moves one"));
            }
            cx.state.stack(tab, pane, with);
        }
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}
