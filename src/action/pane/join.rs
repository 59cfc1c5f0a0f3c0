//! `pane.join`: moves a pane beside another.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::item::PaneItem;
use crate::action::pane::split::share;
use crate::action::{Access, Action, Answer, Apply, Cx, Place};
use crate::base::code::Refusal;
use crate::state::Direction;
use crate::state::pane::Beside;

/// Move a pane beside another, in the same or another tab
///
/// It is put below unless a side is named.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct Join {
    /// The pane it is put beside
    #[arg(value_name = "PANE")]
    pub beside: PaneTarget,
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
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

impl Action for Join {
    const NAME: &'static str = "pane.join";
    const ACCESS: Access = Access::Admin;
    const PLACE: Place = Place::Server;
    type Reply = PaneItem;
}

impl Apply for Join {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let beside = self.beside.find(cx)?;
        let side = match (self.right, self.left, self.up) {
            (true, ..) => Direction::Right,
            (_, true, _) => Direction::Left,
            (.., true) => Direction::Up,
            _ => Direction::Down,
        };
        cx.state.join_pane(pane, Beside { pane: beside, side, share: share(self.size.as_deref())? })?;
        let client = cx.state.following_view(cx.caller, cx.state.pane(pane).session);
        cx.state.focus_pane(client, pane);
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}
