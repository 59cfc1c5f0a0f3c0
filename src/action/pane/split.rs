//! `pane.split`: makes a pane beside another.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{PaneTarget, Start};
use crate::action::context::Made;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::{Code, Refusal};
use crate::state::pane::Beside;
use crate::state::{Direction, Share};

/// Split a pane in two
///
/// The new one is below unless a side is named. It starts where the other one is.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneSplit {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// To the right of it
    #[arg(short = 'r', long, group = "side")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub right: bool,

    /// Below it
    #[arg(long, group = "side")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub down: bool,

    /// To the left of it
    #[arg(long, group = "side")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,

    /// Above it
    #[arg(long, group = "side")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub up: bool,

    /// On the other side: left instead of right, above instead of below
    #[arg(short = 'b', long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub before: bool,

    /// Its share: a number of cells, or hundredths such as 30%
    #[arg(short = 'l', long, value_name = "N|N%")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,

    /// Do not give it the focus
    #[arg(short = 'd', long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub background: bool,

    /// What starts in it.
    #[command(flatten)]
    #[serde(flatten)]
    pub start: Start,
}

impl Action for PaneSplit {
    const NAME: &'static str = "pane.split";
    const KEYS: &'static [DefaultKey] = &[
        ("prefix %", "--right"),
        ("prefix \"", "--down"),
        ("prefix |", "--right"),
        ("prefix _", "--down"),
    ];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Made;
}

impl Apply for PaneSplit {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let beside = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let share = share(self.size.as_deref())?;
        let new = cx.new_pane(&self.start, Some(beside))?;
        let pane = cx.state.split_pane(
            Beside { pane: beside, side: self.side(), share },
            new,
            cx.now.wall,
        )?;
        let session = cx.state.pane(pane).session;
        if !self.background {
            let client = cx.state.following_view(cx.caller, session);
            cx.state.focus_pane(client, pane);
        }
        Ok(cx.made(pane))
    }
}

impl PaneSplit {
    const fn side(&self) -> Direction {
        match (self.right, self.left, self.up, self.before) {
            (true, _, _, false) => Direction::Right,
            (true, ..) | (_, true, _, false) => Direction::Left,
            (_, true, ..) => Direction::Right,
            (_, _, true, false) | (_, _, false, true) => Direction::Up,
            _ => Direction::Down,
        }
    }
}

/// Reads `20` or `30%`.
pub(super) fn share(text: Option<&str>) -> Result<Share, Refusal> {
    let Some(text) = text else { return Ok(Share::Half) };
    let share = match text.strip_suffix('%') {
        Some(percent) => {
            percent.parse().ok().filter(|percent| (1..100).contains(percent)).map(Share::Percent)
        }
        None => text.parse().ok().filter(|cells| 0 < *cells).map(Share::Cells),
    };
    share.ok_or_else(|| {
        Refusal::new(
            Code::InvalidParams,
            format!("size: {text:?} is neither a number of cells nor hundredths such as 30%"),
        )
    })
}
