//! `pane.join`: moves a pane beside another.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::dto::PaneItem;
use crate::action::pane::marked;
use crate::action::pane::split::share;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::state::Direction;
use crate::state::pane::Beside;

/// Move a pane beside another, in the same or another tab or session
///
/// It is put below unless a side is named. Without a pane to put it beside, the marked panes are
/// put beside the one in focus.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct PaneJoin {
    /// The pane it is put beside
    #[arg(value_name = "PANE")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<PaneTarget>,
    /// To the right of it
    #[arg(long, group = "side")]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub right: bool,
    /// To the left of it
    #[arg(long, group = "side")]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
    /// Above it
    #[arg(long, group = "side")]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub up: bool,
    /// Its share: a number of cells, or hundredths such as 30%
    #[arg(short = 'l', long, value_name = "N|N%")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// The pane; else the one in focus, or the marked ones
    #[arg(short, long, value_name = "PANE")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneJoin {
    const NAME: &'static str = "pane.join";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PaneJoin {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let (panes, beside) = self.which(cx)?;
        let side = match (self.right, self.left, self.up) {
            (true, ..) => Direction::Right,
            (_, true, _) => Direction::Left,
            (.., true) => Direction::Up,
            _ => Direction::Down,
        };
        let share = share(self.size.as_deref())?;
        let last = *panes.last().expect("there is one at least");
        for pane in panes {
            cx.state.join_pane(pane, Beside { pane: beside, side, share })?;
            cx.state.pane_mut(pane).marks.chosen = false;
        }
        let client = cx.state.following_view(cx.caller, cx.state.pane(last).session);
        cx.state.focus_pane(client, last);
        Ok(Answer::Now(PaneItem::of(cx.state, last)))
    }
}

impl PaneJoin {
    /// The panes to move, and the one they are put beside.
    fn which(&self, cx: &Cx<'_>) -> Result<(Vec<PaneId>, PaneId), Refusal> {
        let own = PaneTarget::or_own(self.target.as_ref(), cx)?;
        if let Some(beside) = &self.beside {
            return Ok((vec![own], beside.find(cx)?));
        }
        if self.target.is_some() {
            let focus = PaneTarget::or_own(None, cx)?;
            return Ok((vec![own], focus));
        }
        let chosen: Vec<PaneId> = marked(cx).into_iter().filter(|pane| *pane != own).collect();
        if chosen.is_empty() {
            return Err(Refusal::new(Code::InvalidParams, "pane.join: say beside which pane")
                .hint("name it, or mark panes with prefix m to bring them here"));
        }
        Ok((chosen, own))
    }
}
