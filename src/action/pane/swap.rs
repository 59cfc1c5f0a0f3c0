//! `pane.swap`: exchanges two panes.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::item::PaneItem;
use crate::action::pane::after;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Place};
use crate::base::code::{Code, Refusal};

/// Exchange two panes
///
/// The one in focus with the named one, or with the next or previous one of its tab.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Swap {
    /// The other pane
    #[arg(value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<PaneTarget>,

    /// The next one
    #[arg(short = 'D', long, group = "other")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub next: bool,

    /// The one before
    #[arg(short = 'U', long, group = "other")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub prev: bool,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

impl Action for Swap {
    const NAME: &'static str = "pane.swap";
    const KEYS: &'static [DefaultKey] = &[("prefix {", "--prev"), ("prefix }", "--next")];
    const ACCESS: Access = Access::Admin;
    const PLACE: Place = Place::Server;
    type Reply = PaneItem;
}

impl Apply for Swap {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let other = match &self.with {
            Some(with) => with.find(cx)?,
            None if self.next || self.prev => after(cx, pane, self.prev)?,
            None => return Err(Refusal::new(Code::InvalidParams, "pane.swap: say with which pane").hint("name it, or --next or --prev")),
        };
        cx.state.swap_panes(pane, other)?;
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}
