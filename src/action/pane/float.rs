//! `pane.float`: panes that float over the others.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{PaneTarget, Start};
use crate::action::dto::PaneItem;
use crate::action::pane::tab_of;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
use crate::base::id::{PaneId, TabId};

/// Let a pane float over the others, or put it back among them
///
/// With `toggle` it is the floating panes of the tab as a whole: they are hidden if one of them has
/// the focus, else shown with the highest in focus, and where there is none one is made.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneFloat {
    /// What is done; else the pane floats if it did not, and the other way round
    #[arg(value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<FloatMode>,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// What starts in a new one.
    #[command(flatten)]
    #[serde(flatten)]
    pub start: Start,
}

/// What is done with floating panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "What")]
pub enum FloatMode {
    /// The pane floats.
    On,
    /// The pane is one of the layout.
    Off,
    /// A new floating pane is made.
    New,
    /// The floating panes of the tab are shown.
    Show,
    /// The floating panes of the tab are hidden.
    Hide,
    /// They are shown or hidden, and the first one is made.
    Toggle,
}

impl Action for PaneFloat {
    const NAME: &'static str = "pane.float";
    const KEYS: &'static [DefaultKey] = &[("prefix *", "toggle"), ("prefix @", "")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PaneFloat {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let tab = tab_of(cx, pane)?;
        let is_float = cx.state.tab(tab).is_float(pane);
        let shown = match self.what {
            None | Some(FloatMode::On | FloatMode::Off) => {
                cx.state.set_floating(
                    pane,
                    self.what.map_or(!is_float, |what| what == FloatMode::On),
                )?;
                pane
            }
            Some(FloatMode::New) => self.new_one(cx, tab, pane)?,
            Some(FloatMode::Hide) => hide(cx, tab),
            Some(FloatMode::Toggle) if is_float => hide(cx, tab),
            Some(what) => match cx.state.tab(tab).floats.last().map(|float| float.pane) {
                Some(highest) => {
                    cx.state.hide_floats(tab, false);
                    highest
                }
                None if what == FloatMode::Toggle => self.new_one(cx, tab, pane)?,
                None => pane,
            },
        };
        let client = cx.state.following_view(cx.caller, cx.state.tab(tab).session);
        cx.state.focus_pane(client, shown);
        Ok(Answer::Now(PaneItem::of(cx.state, shown)))
    }
}

impl PaneFloat {
    fn new_one(&self, cx: &mut Cx<'_>, tab: TabId, from: PaneId) -> Result<PaneId, Refusal> {
        let new = cx.new_pane(&self.start, Some(from))?;
        Ok(cx.state.new_float(tab, new, cx.now.wall))
    }
}

/// Hides the floating panes; gives the pane that has the focus then.
fn hide(cx: &mut Cx<'_>, tab: TabId) -> PaneId {
    cx.state.hide_floats(tab, true);
    let view = cx
        .state
        .acting_view(cx.caller, cx.state.tab(tab).session)
        .map(|client| cx.state.view(client));
    let own = view.and_then(|view| view.at.panes.get(&tab)).map(|choice| choice.focus);
    own.unwrap_or(cx.state.tab(tab).focus)
}
