//! `pane.resize`: moves a border of a pane.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{DirectionArgs, PaneTarget};
use crate::action::dto::PaneItem;
use crate::action::pane::zoom::zoom;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::{Code, Refusal};

/// Move a border of a pane
///
/// The one on its far side in that direction; where the tab ends there, the one on its near side.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneResize {
    /// By so many cells, 1 unless given
    #[arg(value_name = "CELLS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cells: Option<u16>,

    /// In which direction.
    #[command(flatten)]
    #[serde(flatten)]
    pub way: DirectionArgs,

    /// Let it fill the tab instead, or show all panes again
    #[arg(short = 'Z', long, conflicts_with_all = ["left", "right", "up", "down"])]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub zoom: bool,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneResize {
    const NAME: &'static str = "pane.resize";
    const KEYS: &'static [DefaultKey] = &[
        ("prefix C-Left", "1 --left"),
        ("prefix C-Right", "1 --right"),
        ("prefix C-Up", "1 --up"),
        ("prefix C-Down", "1 --down"),
        ("prefix M-Left", "5 --left"),
        ("prefix M-Right", "5 --right"),
        ("prefix M-Up", "5 --up"),
        ("prefix M-Down", "5 --down"),
    ];
    const REPEATS: bool = true;
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PaneResize {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let Some(direction) = self.way.direction() else {
            if self.zoom {
                return zoom(cx, pane, None);
            }
            return Err(Refusal::new(Code::InvalidParams, "pane.resize: say in which direction")
                .hint("--left, --right, --up or --down"));
        };
        cx.state.resize_pane(pane, direction, self.cells.unwrap_or(1))?;
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}
