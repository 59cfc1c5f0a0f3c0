//! Panes above the layout: floating ones, where they are, and popups.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{PaneTarget, Start};
use crate::action::cli::ConfigEdit;
use crate::action::context::Made;
use crate::action::dto::PaneItem;
use crate::action::pane::tab_of;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::base::geom::{Rect, Size};
use crate::base::id::{PaneId, TabId};

/// Let a pane float over the others, or put it back among them
///
/// With `toggle` it is the floating panes of the tab as a whole: they are hidden if one of them has
/// the focus, else shown with the highest in focus, and where there is none one is made.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneFloat {
    /// The thing to do; else the pane floats if it did not, and the other way round
    #[arg(value_enum)]
    pub what: Option<FloatMode>,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// The program that starts in a new one.
    #[command(flatten)]
    #[serde(flatten)]
    pub start: Start,
}

/// The thing that is done with floating panes.
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

/// Move a floating pane
///
/// To a part of the tab, by some cells, or to a place and a size. One that does not float yet does
/// then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PanePlace {
    /// A part of the tab
    #[arg(value_enum)]
    pub part: Option<TabPart>,

    /// So many columns to the right; negative ones to the left
    #[arg(long, value_name = "CELLS", allow_negative_numbers = true)]
    pub right: Option<i32>,

    /// So many rows down; negative ones up
    #[arg(long, value_name = "CELLS", allow_negative_numbers = true)]
    pub down: Option<i32>,

    /// The first column, from 0; its frame is before it
    #[arg(short, value_name = "COLUMN")]
    pub x: Option<u16>,

    /// The first row, from 0; its frame is above it
    #[arg(short, value_name = "ROW")]
    pub y: Option<u16>,

    /// The size, without the frame, such as 60x20
    #[arg(short, long, value_name = "COLSxROWS")]
    pub size: Option<Size>,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,
}

/// A part of a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Part")]
pub enum TabPart {
    /// The left half.
    Left,
    /// The right half.
    Right,
    /// The upper half.
    Top,
    /// The lower half.
    Bottom,
    /// The upper left quarter.
    TopLeft,
    /// The upper right quarter.
    TopRight,
    /// The lower left quarter.
    BottomLeft,
    /// The lower right quarter.
    BottomRight,
    /// The middle.
    Middle,
    /// All of it.
    Full,
}

impl Action for PanePlace {
    const NAME: &'static str = "pane.place";
    const KEYS: &'static [DefaultKey] = &[
        ("prefix g Left", "left"),
        ("prefix g Right", "right"),
        ("prefix g Up", "top"),
        ("prefix g Down", "bottom"),
        ("prefix g 1", "top-left"),
        ("prefix g 2", "top-right"),
        ("prefix g 3", "bottom-left"),
        ("prefix g 4", "bottom-right"),
        ("prefix g 5", "middle"),
        ("prefix g f", "full"),
        ("prefix S-Left", "--right=-2"),
        ("prefix S-Right", "--right=2"),
        ("prefix S-Up", "--down=-1"),
        ("prefix S-Down", "--down=1"),
    ];
    const REPEATS: bool = true;
    const ACCESS: Access = Access::Admin;
    type Reply = PaneItem;
}

impl Apply for PanePlace {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let tab = tab_of(cx, pane)?;
        if self == (Self { target: self.target.clone(), ..Self::default() }) {
            return Err(Refusal::new(Code::InvalidParams, "pane.place: say where")
                .hint("such as left, top-right, or --right 5"));
        }
        cx.state.set_floating(pane, true)?;
        let area = cx.state.tab(tab).area;
        let own = cx.state.tab(tab).float(pane).unwrap_or_default();
        let base = self.part.map_or(own, |part| part.rect(area));
        let moved = |at: u16, by: Option<i32>| {
            u16::try_from((i32::from(at) + by.unwrap_or(0)).max(1)).unwrap_or(u16::MAX)
        };
        let size = self.size.unwrap_or(base.size());
        let (x, y) = (
            moved(self.x.unwrap_or(base.x), self.right),
            moved(self.y.unwrap_or(base.y), self.down),
        );
        cx.state.place_float(pane, Rect::new(x, y, size))?;
        let client = cx.state.following_view(cx.caller, cx.state.tab(tab).session);
        cx.state.focus_pane(client, pane);
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}

impl TabPart {
    /// The rectangle of a pane that with its frame fills this part of an area.
    fn rect(self, area: Size) -> Rect {
        let (half_cols, half_rows) = (area.cols / 2, area.rows / 2);
        let (left, right) = ((0, half_cols), (half_cols, area.cols - half_cols));
        let (top, bottom) = ((0, half_rows), (half_rows, area.rows - half_rows));
        let (all_cols, all_rows) = ((0, area.cols), (0, area.rows));
        let ((x, cols), (y, rows)) = match self {
            Self::Left => (left, all_rows),
            Self::Right => (right, all_rows),
            Self::Top => (all_cols, top),
            Self::Bottom => (all_cols, bottom),
            Self::TopLeft => (left, top),
            Self::TopRight => (right, top),
            Self::BottomLeft => (left, bottom),
            Self::BottomRight => (right, bottom),
            Self::Middle => {
                ((area.cols / 5, area.cols * 3 / 5), (area.rows / 5, area.rows * 3 / 5))
            }
            Self::Full => (all_cols, all_rows),
        };
        Rect { x: x + 1, y: y + 1, cols: cols.saturating_sub(2), rows: rows.saturating_sub(2) }
    }
}

/// Run a command in a pane over the others, which get no keys until it ends
///
/// It lies in the middle of the tab, four fifths as wide and high unless a size is given, and goes
/// with its program. `pane close` ends it, too.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PanePopup {
    /// The pane's name, instead of that of its program
    #[arg(short, long)]
    pub name: Option<String>,

    /// The size, without the frame, such as 60x20
    #[arg(short, long, value_name = "COLSxROWS")]
    pub size: Option<Size>,

    /// A pane of the tab; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// The program that starts in it.
    #[command(flatten)]
    #[serde(flatten)]
    pub start: Start,
}

impl Action for PanePopup {
    const NAME: &'static str = "pane.popup";
    const ACCESS: Access = Access::Admin;
    type Reply = Made;
}

impl Apply for PanePopup {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let from = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let pane = open(cx, from, &self.start, self.name, self.size)?;
        Ok(cx.made(pane))
    }
}

/// Opens a popup in the tab of a pane, with a name and a size if they are given.
pub(super) fn open(
    cx: &mut Cx<'_>,
    from: PaneId,
    start: &Start,
    name: Option<String>,
    size: Option<Size>,
) -> Result<PaneId, Refusal> {
    let tab = tab_of(cx, from)?;
    let mut new = cx.new_pane(start, Some(from))?;
    new.name = name;
    let pane = cx.state.new_popup(tab, new, size, cx.now.wall);
    let client = cx.state.following_view(cx.caller, cx.state.tab(tab).session);
    cx.state.focus_pane(client, pane);
    Ok(pane)
}

/// Edit the configuration in a pane over the others
///
/// With $VISUAL or $EDITOR; a new file begins with every option and its default as comments. What
/// is saved is in force at once, and a mistake is told with its place and changes nothing.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Customise {
    /// A pane of the tab; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,
}

impl Action for Customise {
    const NAME: &'static str = "config.customise";
    const KEYS: &'static [DefaultKey] = &[("prefix C", "")];
    const ACCESS: Access = Access::Admin;
    type Reply = Made;
}

impl Apply for Customise {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let from = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let verbs = ConfigEdit::NAME.split('.').map(str::to_owned);
        let words = std::iter::once(cx.host.program.clone()).chain(verbs);
        // The editor is the one that the pane knows.
        let set =
            cx.state.pane(from).env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let start = Start { command: words.collect(), set, ..Start::default() };
        let pane = open(cx, from, &start, Some("configuration".into()), None)?;
        Ok(cx.made(pane))
    }
}
