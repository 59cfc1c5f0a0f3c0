//! `pane.swap`: exchanges two panes.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{DirectionArgs, PaneTarget};
use crate::action::dto::PaneItem;
use crate::action::pane::{after, beside, marked};
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::{Code, Refusal};

/// Exchange two panes
///
/// The one in focus with the named one, with the next or previous one of its tab, with its
/// neighbour in a direction, or with the marked one.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneSwap {
    /// The other pane
    #[arg(value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<PaneTarget>,

    /// The next one
    #[arg(long, group = "other")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub next: bool,

    /// The one before
    #[arg(long, group = "other")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub prev: bool,

    /// Its neighbour on that side
    #[command(flatten)]
    #[serde(flatten)]
    pub way: DirectionArgs,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneSwap {
    const NAME: &'static str = "pane.swap";
    const KEYS: &'static [DefaultKey] = &[("prefix {", "--prev"), ("prefix }", "--next")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PaneSwap {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let other = match &self.with {
            Some(with) => with.find(cx)?,
            None if self.next || self.prev => after(cx, pane, self.prev)?,
            None => match (self.way.direction(), marked(cx).as_slice()) {
                (Some(direction), _) => beside(cx, pane, direction)?,
                (None, [only]) => *only,
                (None, _) => {
                    let refusal =
                        Refusal::new(Code::InvalidParams, "pane.swap: say with which pane");
                    return Err(refusal.hint("name it, or --next or --prev, or mark one"));
                }
            },
        };
        cx.state.swap_panes(pane, other)?;
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}
