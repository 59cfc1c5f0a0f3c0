//! `pane.popup`: a command in a floating pane that has the keys of its tab until it ends.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{PaneTarget, Start};
use crate::action::context::Made;
use crate::action::pane::tab_of;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;
use crate::base::geom::Size;
use crate::base::id::PaneId;

/// Run a command in a pane over the others, which get no keys until it ends
///
/// It lies in the middle of the tab, four fifths as wide and high unless a size is given, and goes
/// with its program. `pane close` ends it, too.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PanePopup {
    /// Its name, instead of that of its program
    #[arg(short, long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Its size, without the frame, such as 60x20
    #[arg(short, long, value_name = "COLSxROWS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,

    /// A pane of the tab; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// What starts in it.
    #[command(flatten)]
    #[serde(flatten)]
    pub start: Start,
}

impl Action for PanePopup {
    const NAME: &'static str = "pane.popup";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Made;
}

impl Apply for PanePopup {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let from = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let pane = open(cx, from, &self.start, (self.name, self.size))?;
        Ok(cx.made(pane))
    }
}

/// Opens a popup in the tab of a pane, with a name and a size if they are given.
pub(super) fn open(
    cx: &mut Cx<'_>,
    from: PaneId,
    start: &Start,
    (name, size): (Option<String>, Option<Size>),
) -> Result<PaneId, Refusal> {
    let tab = tab_of(cx, from)?;
    let mut new = cx.new_pane(start, Some(from))?;
    new.name = name;
    let pane = cx.state.new_popup(tab, new, size, cx.now.wall);
    let client = cx.state.following_view(cx.caller, cx.state.tab(tab).session);
    cx.state.focus_pane(client, pane);
    Ok(pane)
}
