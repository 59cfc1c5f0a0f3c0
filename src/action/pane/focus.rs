//! `pane.focus`: gives a pane the focus.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{DirectionArgs, PaneTarget};
use crate::action::dto::PaneItem;
use crate::action::pane::{beside, focus};
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
use crate::state::call::Caller;
use crate::state::target;

/// Give a pane the focus
///
/// The named one, or the next one in a direction; beyond the edge that is the one on the opposite
/// side.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneFocus {
    /// The pane, or where a direction starts
    #[arg(value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// In which direction.
    #[command(flatten)]
    #[serde(flatten)]
    pub way: DirectionArgs,

    /// The one that had the focus before
    #[arg(long, conflicts_with_all = ["left", "right", "up", "down"])]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub last: bool,
}

impl Action for PaneFocus {
    const NAME: &'static str = "pane.focus";
    const KEYS: &'static [DefaultKey] = &[
        ("prefix Left", "--left"),
        ("prefix Right", "--right"),
        ("prefix Up", "--up"),
        ("prefix Down", "--down"),
        ("prefix h", "--left"),
        ("prefix k", "--up"),
        ("prefix j", "--down"),
        ("prefix ;", "--last"),
    ];
    const REPEATS: bool = true;
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PaneFocus {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let from = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let session = cx.state.pane(from).session;
        let client = cx.state.acting_view(cx.caller, session);
        let pane = match self.way.direction() {
            _ if self.last => target::pane(cx.state, Caller { client, ..cx.caller }, "@last")?,
            Some(direction) => beside(cx, from, direction)?,
            None => from,
        };
        focus(cx, pane)
    }
}
