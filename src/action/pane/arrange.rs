//! Panes in the layout of a tab: split, join, break out, stack, resize, list and rename.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{DirectionArgs, PaneTarget, Start, TabTarget};
use crate::action::context::Made;
use crate::action::dto::PaneItem;
use crate::action::pane::navigate::zoom;
use crate::action::pane::{after, marked, tab_of};
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::state::pane::Beside;
use crate::state::{Direction, Share};

/// List panes
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneLs {
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    pub target: Option<TabTarget>,

    /// Those of all tabs of the session
    #[arg(short, long)]
    pub session: bool,

    /// Those of all sessions, and those that are being ended
    #[arg(short, long)]
    pub all: bool,
}

impl Action for PaneLs {
    const NAME: &'static str = "pane.ls";
    const ACCESS: Access = Access::Read;
    type Reply = Vec<PaneItem>;
}

impl Apply for PaneLs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = || TabTarget::or_own(self.target.as_ref(), cx);
        let panes: Vec<PaneId> = if self.all {
            cx.state.panes.keys().copied().collect()
        } else if self.session {
            let tabs = &cx.state.session(cx.state.tab(tab()?).session).tabs;
            tabs.iter().flat_map(|tab| cx.state.tab(*tab).panes()).collect()
        } else {
            cx.state.tab(tab()?).panes()
        };
        Ok(Answer::Now(panes.into_iter().map(|pane| PaneItem::of(cx.state, pane)).collect()))
    }
}

/// Name a pane
///
/// Without a name it is called by the title its program sets again.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneRename {
    /// The new name
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneRename {
    const NAME: &'static str = "pane.rename";
    const ACCESS: Access = Access::Admin;
    type Reply = PaneItem;
}

impl Apply for PaneRename {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        cx.state.rename_pane(pane, self.name)?;
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}

/// Split a pane in two
///
/// The new one is below unless a side is named. It starts where the other one is.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneSplit {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// To the right of it
    #[arg(short = 'r', long, group = "side")]
    pub right: bool,

    /// Below it
    #[arg(long, group = "side")]
    pub down: bool,

    /// To the left of it
    #[arg(long, group = "side")]
    pub left: bool,

    /// Above it
    #[arg(long, group = "side")]
    pub up: bool,

    /// On the other side: left instead of right, above instead of below
    #[arg(short = 'b', long)]
    pub before: bool,

    /// The share of the room: a number of cells, or hundredths such as 30%
    #[arg(short = 'l', long, value_name = "N|N%")]
    pub size: Option<String>,

    /// Do not give it the focus
    #[arg(short = 'd', long)]
    pub background: bool,

    /// The program that starts in it.
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

/// Move a pane beside another, in the same or another tab or session
///
/// It is put below unless a side is named. Without a pane to put it beside, the marked panes are
/// put beside the one in focus.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct PaneJoin {
    /// The pane it is put beside
    #[arg(value_name = "PANE")]
    pub beside: Option<PaneTarget>,
    /// To the right of it
    #[arg(long, group = "side")]
    #[serde(default)]
    pub right: bool,
    /// To the left of it
    #[arg(long, group = "side")]
    #[serde(default)]
    pub left: bool,
    /// Above it
    #[arg(long, group = "side")]
    #[serde(default)]
    pub up: bool,
    /// The share of the room: a number of cells, or hundredths such as 30%
    #[arg(short = 'l', long, value_name = "N|N%")]
    pub size: Option<String>,
    /// The pane; else the one in focus, or the marked ones
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneJoin {
    const NAME: &'static str = "pane.join";
    const ACCESS: Access = Access::Admin;
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

/// Move a pane into a tab of its own
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneBreakOut {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// Do not show it
    #[arg(short = 'd', long)]
    pub background: bool,
}

impl Action for PaneBreakOut {
    const NAME: &'static str = "pane.break";
    const KEYS: &'static [DefaultKey] = &[("prefix !", "")];
    const ACCESS: Access = Access::Admin;
    type Reply = PaneItem;
}

impl Apply for PaneBreakOut {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let session = cx.state.pane(pane).session;
        let at = cx.state.sessions.get(&session).map_or(0, |session| session.tabs.len());
        cx.state.break_pane(pane, at)?;
        if !self.background {
            let client = cx.state.following_view(cx.caller, session);
            cx.state.focus_pane(client, pane);
        }
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}

/// Put a pane on a stack with another: one is open, of the others only the title shows
///
/// With the named one, else with the one before it in its tab. With --off the panes of its stack
/// stand one below the other again, and all are in one stack with --all. The one that gets the
/// focus is the open one.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneStack {
    /// The pane it is stacked with
    #[arg(value_name = "PANE")]
    pub with: Option<PaneTarget>,

    /// Stack all panes of the tab
    #[arg(long, group = "how", conflicts_with = "with")]
    pub all: bool,

    /// Put the panes of its stack one below the other again
    #[arg(long, group = "how", conflicts_with = "with")]
    pub off: bool,

    /// Take its stack apart if it is in one, else stack it
    #[arg(long, group = "how", conflicts_with = "with")]
    pub toggle: bool,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneStack {
    const NAME: &'static str = "pane.stack";
    const KEYS: &'static [DefaultKey] = &[("prefix g s", "--toggle")];
    const ACCESS: Access = Access::Admin;
    type Reply = PaneItem;
}

impl Apply for PaneStack {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let tab = tab_of(cx, pane)?;
        cx.state.set_floating(pane, false)?;
        let is_stacked = cx.state.tab(tab).layout.is_stacked(pane);
        if self.off || (self.toggle && is_stacked) {
            cx.state.unstack(tab, pane);
        } else if self.all {
            cx.state.stack_all(tab, pane);
        } else {
            let with = match &self.with {
                Some(with) => with.find(cx)?,
                None => after(cx, pane, true)?,
            };
            if with == pane || tab_of(cx, with)? != tab || cx.state.tab(tab).is_float(with) {
                let refusal = Refusal::new(
                    Code::InvalidParams,
                    format!("pane {pane} cannot be stacked with pane {with}"),
                );
                return Err(refusal
                    .hint("they have to be two panes of one layout; abide pane join moves one"));
            }
            cx.state.stack(tab, pane, with);
        }
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}

/// Move a border of a pane
///
/// The one on its far side in that direction; where the tab ends there, the one on its near side.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneResize {
    /// By so many cells, 1 unless given
    #[arg(value_name = "CELLS")]
    pub cells: Option<u16>,

    /// In which direction.
    #[command(flatten)]
    #[serde(flatten)]
    pub way: DirectionArgs,

    /// Let it fill the tab instead, or show all panes again
    #[arg(short = 'Z', long, conflicts_with_all = ["left", "right", "up", "down"])]
    pub zoom: bool,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
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
