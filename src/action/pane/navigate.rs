//! Going from pane to pane: focus, next, swap, zoom, marks, and the one that wants attention.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{DirectionArgs, PaneTarget};
use crate::action::dto::PaneItem;
use crate::action::pane::{after, beside, focus, marked, tab_of};
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
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
    pub target: Option<PaneTarget>,

    /// In which direction.
    #[command(flatten)]
    #[serde(flatten)]
    pub way: DirectionArgs,

    /// The one that had the focus before
    #[arg(long, conflicts_with_all = ["left", "right", "up", "down"])]
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

/// Give the next pane of the tab the focus
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneNext {
    /// The one before instead
    #[arg(long)]
    pub back: bool,
}

impl Action for PaneNext {
    const NAME: &'static str = "pane.next";
    const KEYS: &'static [DefaultKey] = &[("prefix o", "")];
    const ACCESS: Access = Access::Read;
    type Reply = PaneItem;
}

impl Apply for PaneNext {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let from = target::pane(cx.state, cx.caller, "")?;
        let pane = after(cx, from, self.back)?;
        focus(cx, pane)
    }
}

/// Go to the next pane that wants attention
///
/// One in which a bell rang, else one whose program sent a notification or ended, one that fell
/// silent, one that printed since it was shown; in any session.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct PaneAttention {}

impl Action for PaneAttention {
    const NAME: &'static str = "pane.attention";
    const KEYS: &'static [DefaultKey] = &[("prefix a", "")];
    const ACCESS: Access = Access::Read;
    type Reply = PaneItem;
}

impl Apply for PaneAttention {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = cx.state.alerts().first().map(|(pane, _)| *pane);
        let pane = pane.ok_or_else(|| Refusal::new(Code::NotFound, "no pane wants attention"))?;
        focus(cx, pane)
    }
}

/// Exchange two panes
///
/// The one in focus with the named one, with the next or previous one of its tab, with its
/// neighbour in a direction, or with the marked one.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneSwap {
    /// The other pane
    #[arg(value_name = "PANE")]
    pub with: Option<PaneTarget>,

    /// The next one
    #[arg(long, group = "other")]
    pub next: bool,

    /// The one before
    #[arg(long, group = "other")]
    pub prev: bool,

    /// The side on which its neighbour is meant
    #[command(flatten)]
    #[serde(flatten)]
    pub way: DirectionArgs,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneSwap {
    const NAME: &'static str = "pane.swap";
    const KEYS: &'static [DefaultKey] = &[("prefix {", "--prev"), ("prefix }", "--next")];
    const ACCESS: Access = Access::Admin;
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

/// Let a pane fill its tab, or show all panes again
///
/// Only your view changes; the other panes go on running.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneZoom {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// Fill the tab, also if it does already
    #[arg(long, group = "state")]
    pub on: bool,

    /// Show all panes, also if they are shown already
    #[arg(long, group = "state")]
    pub off: bool,
}

impl Action for PaneZoom {
    const NAME: &'static str = "pane.zoom";
    const KEYS: &'static [DefaultKey] = &[("prefix z", "")];
    const ACCESS: Access = Access::Interact;
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

/// Mark a pane, or take its mark away
///
/// `pane join` brings the marked panes here, `pane swap` exchanges one with the one in focus, and
/// `pane sync --marked` types into all of them.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneMark {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// Take the marks of all panes away
    #[arg(long, conflicts_with = "target")]
    pub clear: bool,
}

impl Action for PaneMark {
    const NAME: &'static str = "pane.mark";
    const KEYS: &'static [DefaultKey] = &[("prefix m", ""), ("prefix M", "--clear")];
    const ACCESS: Access = Access::Interact;
    type Reply = Vec<PaneId>;
}

impl Apply for PaneMark {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if self.clear {
            cx.state.clear_marks();
            return Ok(Answer::Now(Vec::new()));
        }
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        tab_of(cx, pane)?;
        let marks = &mut cx.state.pane_mut(pane).marks;
        marks.chosen = !marks.chosen;
        Ok(Answer::Now(marked(cx)))
    }
}
