//! `pane.zoom`: lets a pane fill its tab.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::dto::PaneItem;
use crate::action::pane::focus;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
use crate::base::id::PaneId;

/// Let a pane fill its tab, or show all panes again
///
/// Only your view changes; the other panes go on running.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneZoom {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// Fill the tab, also if it does already
    #[arg(long, group = "state")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub on: bool,

    /// Show all panes, also if they are shown already
    #[arg(long, group = "state")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
}

impl Action for PaneZoom {
    const NAME: &'static str = "pane.zoom";
    const KEYS: &'static [DefaultKey] = &[("prefix z", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PaneZoom {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let wanted = if self.on || self.off { Some(self.on) } else { None };
        zoom(cx, pane, wanted)
    }
}

/// Zooms a pane in the view that the caller moves, or shows all panes; without a wish the other of
/// both.
pub(super) fn zoom(
    cx: &mut Cx<'_>,
    pane: PaneId,
    wanted: Option<bool>,
) -> Result<Answer<PaneItem>, Refusal> {
    let client = cx.view_of(cx.state.pane(pane).session)?;
    focus(cx, pane)?;
    let zoomed = cx.state.view(client).choice().is_some_and(|choice| choice.zoomed);
    cx.state.zoom(client, wanted.unwrap_or(!zoomed));
    Ok(Answer::Now(PaneItem::of(cx.state, pane)))
}
